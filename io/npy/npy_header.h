#pragma once

#include <bit>
#include <string>

#include "ebb/core/dtype/dtype.h"
#include "ebb/core/shape.h"
#include "ebb/io/bytes/bytes.h"

namespace ebb::io {

struct NpyHeader {
  DType dtype = kFloat32;
  std::endian order = std::endian::little;
  bool fortran_order = false;  ///< the first dimension is the innermost
  Shape shape;
  std::size_t data_begin = 0;  ///< bytes of the file before the elements
};

/// Reads the magic and the Python dict that follows. An Error for whatever else than `descr`, `fortran_order` and
/// `shape` there is, and for elements that no tensor can hold.
NpyHeader read_npy_header(ByteView file);

/// As NumPy 2 writes it, version 1.0: the elements start at a multiple of 64.
std::string make_npy_header(DType dtype, bool fortran_order, const Shape& shape);

}  // namespace ebb::io
