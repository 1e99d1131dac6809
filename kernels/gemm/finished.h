#pragma once

#include "ebb/kernels/cpu/vectors.h"
#include "ebb/kernels/gemm/tile_epilogue.h"

// For the files *_isa.cpp, so in an unnamed namespace (this_isa.h).

namespace ebb::kernels {
namespace {

/// The elements of c that begin `element` after its beginning, in column `column`.
template <class T>
Vector<T> finished(const TileEpilogue<T>& e, Vector<T> c, std::int64_t element, std::int64_t column) {
  if (e.scale != nullptr) c *= load(e.scale + column);
  if (e.shift != nullptr) c += load(e.shift + column);
  if (e.residual != nullptr) c += load(e.residual + element);
  return e.relu ? (c < Vector<T>{} ? Vector<T>{} : c) : c;
}

}  // namespace
}  // namespace ebb::kernels
