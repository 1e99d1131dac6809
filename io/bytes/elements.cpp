#include "ebb/io/bytes/elements.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

#include "ebb/io/bytes/as_file_error.h"
#include "ebb/io/system/prefault.h"

namespace ebb::io {

static_assert(std::endian::native == std::endian::little, "files are written as elements lie in memory");

static std::size_t bytes_on(const Tensor& x) { return static_cast<std::size_t>(x.numel()) * size_of(x.dtype()); }

std::uint64_t bytes_of(const Shape& shape, DType dtype) {
  std::uint64_t bytes = 0;
  const auto elements = static_cast<std::uint64_t>(as_file_error([&] { return numel(shape); }));
  const bool overflows = __builtin_mul_overflow(elements, size_of(dtype), &bytes);
  check<FileError>(!overflows, "an array of shape ", shape, " and ", dtype, " takes more bytes than 64 bits can count");
  return bytes;
}

void swap_bytes(std::span<std::byte> elements, DType dtype) {
  const std::size_t width = is_complex(dtype) ? size_of(dtype) / 2 : size_of(dtype);
  if (width == 1) return;
  for (std::size_t at = 0; at < elements.size(); at += width) std::ranges::reverse(elements.subspan(at, width));
}

bool are_bools(ByteView bytes) {
  return std::ranges::all_of(bytes, [](std::byte b) { return b <= std::byte{1}; });
}

static void check_size(ByteView bytes, const Shape& shape, DType dtype) {
  const std::uint64_t expected = bytes_of(shape, dtype);
  check<FileError>(bytes.size() >= expected, "an array of shape ", shape, " and ", dtype, " takes ", expected,
                   " bytes, but the file has ", bytes.size(), "; it is cut short or damaged");
  check<FileError>(bytes.size() == expected, "an array of shape ", shape, " and ", dtype, " takes ", expected,
                   " bytes, but the file has ", bytes.size(), ": ", bytes.size() - expected,
                   " more, where another array may have been written behind it; one to a file is read");
}

static void check_elements(ByteView bytes, const Shape& shape, DType dtype) {
  check_size(bytes, shape, dtype);
  check<FileError>(dtype != kBool || are_bools(bytes), "an array of bools has bytes that are neither 0 nor 1");
}

Tensor read_elements(ByteView bytes, const Shape& shape, DType dtype, std::endian order) {
  check_elements(bytes, shape, dtype);
  Tensor x = as_file_error([&] { return allocate(shape, dtype); });
  if (bytes.empty()) return x;
  prefault({x.raw_data(), bytes.size()});
  std::memcpy(x.raw_data(), bytes.data(), bytes.size());
  if (order != std::endian::native) swap_bytes({x.raw_data(), bytes.size()}, dtype);
  return x;
}

Tensor read_placed(ByteView bytes, const Shape& shape, DType dtype, std::endian order, const LoadOptions& options) {
  if (bytes.size() <= options.meta_above) {
    return read_elements(bytes, shape, dtype, order).to(options.map_location.find("cpu"));
  }
  check_size(bytes, shape, dtype);
  return as_file_error([&] { return allocate(shape, dtype, kMeta); });
}

Tensor take_elements(Bytes bytes, std::size_t begin, const Shape& shape, DType dtype, std::endian order) {
  const std::span<std::byte> elements = std::span(bytes).subspan(begin);
  const bool is_aligned = reinterpret_cast<std::uintptr_t>(elements.data()) % size_of(dtype) == 0;
  if (elements.empty() || !is_aligned) return read_elements(elements, shape, dtype, order);
  check_elements(elements, shape, dtype);
  if (order != std::endian::native) swap_bytes(elements, dtype);
  const Strides strides = as_file_error([&] { return contiguous_strides(shape); });
  auto owner = std::make_shared<Bytes>(std::move(bytes));
  auto storage = make_ref<Storage>(elements.data(), elements.size(), kCPU, [owner = std::move(owner)] {});
  return Tensor(make_ref<TensorBody>(std::move(storage), dtype, shape, strides, 0));
}

DenseElements::DenseElements(const Tensor& x)
    : tensor(x.detach().to(kCPU).contiguous()), bytes(std::as_const(tensor).raw_data(), bytes_on(tensor)) {}

}  // namespace ebb::io
