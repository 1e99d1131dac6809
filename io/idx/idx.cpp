#include "ebb/io/idx.h"

#include <algorithm>
#include <array>
#include <utility>

#include "ebb/io/bytes/elements.h"
#include "ebb/io/bytes/memory_budget.h"
#include "ebb/io/system/in_file.h"
#include "ebb/io/zip/gzip.h"

namespace ebb::io {
namespace {

struct Type {
  unsigned code;
  DType dtype;
};

constexpr std::array<Type, 6> types{
    {{0x08, kUInt8}, {0x09, kInt8}, {0x0b, kInt16}, {0x0c, kInt32}, {0x0d, kFloat32}, {0x0e, kFloat64}}};

DType read_dtype(unsigned code) {
  const auto* known = std::ranges::find(types, code, &Type::code);
  check<FileError>(known != types.end(), "idx: the type code of the elements is ", code,
                   "; 8, 9 and 11 to 14 are read");
  return known->dtype;
}

unsigned code_of(DType dtype) {
  const auto* known = std::ranges::find(types, dtype, &Type::dtype);
  check(known != types.end(), "idx: has no type for ", dtype,
        "; convert to one of uint8, int8, int16, int32, float32 and float64");
  return known->code;
}

/// An E: a file's fault, or the caller's.
template <class E>
void check_rank(int rank) {
  check<E>(rank >= 1 && rank <= max_dims, "idx: an array of ", rank, " dimensions; it must have 1 to ", max_dims);
}

Shape read_shape(ByteReader& reader, int rank) {
  check_rank<FileError>(rank);
  Shape shape;
  for (int i = 0; i < rank; ++i) shape.push_back(static_cast<std::int64_t>(reader.big(4)));
  return shape;
}

void append_size(Bytes& file, std::int64_t size) {
  check(size <= UINT32_MAX, "idx: sizes must be less than 2^32, got ", size);
  for (int shift = 24; shift >= 0; shift -= 8) file.push_back(static_cast<std::byte>(size >> shift & 0xff));
}

struct Header {
  DType dtype;
  Shape shape;
  std::size_t data_begin;
};

Header read_header(ByteView file) {
  ByteReader reader(file, "idx");
  const auto magic = reader.big(2);
  check<FileError>(magic == 0, "idx: the file must begin with two zero bytes, got ", magic, "; it is no idx file");
  const DType dtype = read_dtype(reader.u8());
  const Shape shape = read_shape(reader, reader.u8());
  return {dtype, shape, reader.position()};
}

Tensor read_compressed(ByteView file, std::uint64_t asked) {
  const std::uint64_t most_bytes = MemoryBudget::of_file(file.size(), asked);
  const std::uint64_t declared = declared_gzip_size(file);
  check<FileError>(declared <= most_bytes, "idx: inflates to ", declared, " bytes, more than the ", most_bytes,
                   " that it may; {.most_bytes = ", declared, "} allows it");
  Bytes inflated = gunzip(file, most_bytes);
  const Header header = read_header(inflated);
  return take_elements(std::move(inflated), header.data_begin, header.shape, header.dtype, std::endian::big);
}

Tensor read_plain(ByteView file, const LoadOptions& options) {
  const Header header = read_header(file);
  return read_placed(file.subspan(header.data_begin), header.shape, header.dtype, std::endian::big, options);
}

}  // namespace

Tensor read_idx(ByteView file, const LoadOptions& options) {
  if (!is_gzip(file)) return read_plain(file, options);
  return read_compressed(file, options.most_bytes).to(options.map_location.find("cpu"));
}

Bytes write_idx(const Tensor& array) {
  check_rank<ArgumentError>(array.dim());
  Bytes file{std::byte{0}, std::byte{0}, static_cast<std::byte>(code_of(array.dtype())),
             static_cast<std::byte>(array.dim())};
  for (const std::int64_t size : array.shape()) append_size(file, size);
  const std::size_t header = file.size();
  const DenseElements elements(array);
  file.insert(file.end(), elements.bytes.begin(), elements.bytes.end());
  swap_bytes(std::span(file).subspan(header), array.dtype());
  return file;
}

Tensor load_idx(const std::string& path, const LoadOptions& options, Site site) {
  return load_file("load_idx", path, site, options, [&](ByteView file) { return read_idx(file, options); });
}

void save_idx(const std::string& path, const Tensor& array, Site site) {
  save_file("save_idx", path, site, [&](const auto& sink) { sink(write_idx(array)); });
}

}  // namespace ebb::io
