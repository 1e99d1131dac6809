#include "ebb/io/idx.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "ebb/io/file.h"
#include "ebb/io/gzip.h"
#include "ebb/io/in_file.h"

namespace ebb::io {
namespace {

DType read_dtype(unsigned code) {
  switch (code) {
    case 0x08:
      return kUInt8;
    case 0x0c:
      return kInt32;
    case 0x0d:
      return kFloat32;
    case 0x0e:
      return kFloat64;
    case 0x09:
    case 0x0b:
      fail("idx: elements of ", code == 0x09 ? "int8" : "int16",
           " are not supported; uint8, int32, float32 and float64 are");
    default:
      fail("idx: the type code of the elements is ", code, "; 8, 12, 13 and 14 are read");
  }
}

Shape read_shape(ByteReader& reader, unsigned rank) {
  check(rank >= 1 && rank <= max_dims, "idx: an array of ", rank, " dimensions; 1 to ", max_dims, " are read");
  Shape shape;
  for (unsigned i = 0; i < rank; ++i) shape.push_back(static_cast<std::int64_t>(reader.big(4)));
  return shape;
}

/// The elements come highest byte first.
void copy_swapped(ByteView from, std::byte* to, std::size_t width) {
  std::memcpy(to, from.data(), from.size());
  if (width == 1 || std::endian::native == std::endian::big) return;
  for (std::size_t at = 0; at < from.size(); at += width) std::reverse(to + at, to + at + width);
}

}  // namespace

Tensor parse_idx(ByteView file) {
  ByteReader reader(file, "idx");
  const auto magic = reader.big(2);
  check(magic == 0, "idx: the file must begin with two zero bytes, got ", magic, "; it is no idx file");
  const DType dtype = read_dtype(reader.u8());
  const Shape shape = read_shape(reader, reader.u8());
  std::size_t bytes = 0;
  const bool overflows = __builtin_mul_overflow(static_cast<std::size_t>(numel(shape)), size_of(dtype), &bytes);
  check(!overflows && bytes == reader.left(), "idx: an array of shape ", shape, " and ", dtype, " takes ", bytes,
        " bytes, but the file has ", reader.left(), "; it is cut short or damaged");
  Tensor array = empty(shape, {.dtype = dtype});
  if (bytes > 0) copy_swapped(reader.take(bytes), array.raw_data(), size_of(dtype));
  return array;
}

Tensor read_idx(const std::string& path, Site site) {
  return in_file("read_idx", path, site, [&] {
    const FileContent content(path);
    return is_gzip(content.bytes()) ? parse_idx(gunzip(content.bytes())) : parse_idx(content.bytes());
  });
}

}  // namespace ebb::io
