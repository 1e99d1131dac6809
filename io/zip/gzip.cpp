#include "ebb/io/zip/gzip.h"

#include <utility>

#include "ebb/io/zip/crc32.h"
#include "ebb/io/zip/inflate.h"

namespace ebb::io {
namespace {

enum HeaderFlag : unsigned { header_crc = 2, extra_field = 4, original_name = 8, comment = 16, reserved = 0xe0 };

void skip_text(ByteReader& reader) {
  while (reader.u8() != 0) {
  }
}

void skip_header(ByteView member, ByteReader& reader) {
  check<FileError>(reader.u16() == 0x8b1f,
                   "gzip: a member starts with other bytes than 1f 8b; the file is damaged or has a tail");
  const unsigned method = reader.u8(), flags = reader.u8();
  check<FileError>(method == 8, "gzip: compression method ", method, " is unknown; only 8 (deflate) is defined");
  check<FileError>((flags & reserved) == 0, "gzip: reserved header flags are set: ", flags);
  reader.skip(6);  // time, level, system
  if ((flags & extra_field) != 0) reader.skip(reader.u16());
  if ((flags & original_name) != 0) skip_text(reader);
  if ((flags & comment) != 0) skip_text(reader);
  if ((flags & header_crc) != 0) {
    const auto computed = static_cast<std::uint16_t>(crc32(member.first(reader.position())));
    check<FileError>(reader.u16() == computed, "gzip: the header's CRC does not match; the file is damaged");
  }
}

/// The content of the first member, and the bytes it takes in the file.
Inflated read_member(ByteView file, std::size_t limit) {
  ByteReader reader(file, "gzip");
  skip_header(file, reader);
  const std::size_t start = reader.position();
  Inflated member = inflate(file.subspan(start), limit, declared_gzip_size(file));
  reader.skip(member.consumed);
  const std::uint32_t stored_crc = reader.u32(), stored_size = reader.u32();
  check<FileError>(stored_size == static_cast<std::uint32_t>(member.bytes.size()), "gzip: holds ", member.bytes.size(),
                   " bytes, but its trailer says ", stored_size, "; the file is damaged");
  const std::uint32_t computed = crc32(member.bytes);
  check<FileError>(stored_crc == computed, "gzip: the content's CRC is ", computed, ", but its trailer says ",
                   stored_crc, "; the file is damaged");
  member.consumed = reader.position();
  return member;
}

}  // namespace

bool is_gzip(ByteView bytes) { return as_text(bytes).starts_with("\x1f\x8b"); }

std::uint32_t declared_gzip_size(ByteView file) {
  check<FileError>(file.size() >= 4, "gzip: cut short; the file has ", file.size(), " bytes");
  return ByteReader(file.last(4), "gzip").u32();
}

Bytes gunzip(ByteView file, std::size_t limit) {
  Inflated first = read_member(file, limit);
  for (std::size_t at = first.consumed; at < file.size();) {
    const Inflated next = read_member(file.subspan(at), limit - first.bytes.size());
    first.bytes.insert(first.bytes.end(), next.bytes.begin(), next.bytes.end());
    at += next.consumed;
  }
  return std::move(first.bytes);
}

}  // namespace ebb::io
