#pragma once

#include <bit>
#include <cstdint>
#include <span>

#include "ebb/core/tensor.h"
#include "ebb/io/bytes/bytes.h"
#include "ebb/io/load_options.h"

namespace ebb::io {

/// The bytes that the elements of such a tensor of a file take. An Error where 64 bits cannot count them.
std::uint64_t bytes_of(const Shape& shape, DType dtype);

/// A tensor on the CPU of elements that lie in C order in a file; `bytes` must be as many as bytes_of says. An Error
/// for bools that are neither 0 nor 1.
Tensor read_elements(ByteView bytes, const Shape& shape, DType dtype, std::endian order = std::endian::little);

/// read_elements, where the options ask for: on a device, or on meta.
Tensor read_placed(ByteView bytes, const Shape& shape, DType dtype, std::endian order, const LoadOptions& options);

/// As read_elements, of what stands from `begin` on; the tensor keeps the bytes, where they are aligned, instead of
/// copying them.
Tensor take_elements(Bytes bytes, std::size_t begin, const Shape& shape, DType dtype,
                     std::endian order = std::endian::little);

/// The elements of `x` in C order, as they go to a file: the tensor holds `bytes`.
struct DenseElements {
  explicit DenseElements(const Tensor& x);

  Tensor tensor;
  ByteView bytes;
};

/// Reverses the bytes of each number; a complex element is two.
void swap_bytes(std::span<std::byte> elements, DType dtype);

/// Whether each is 0 or 1, as those of bools must be.
bool are_bools(ByteView bytes);

}  // namespace ebb::io
