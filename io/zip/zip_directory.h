#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "ebb/io/bytes/bytes.h"

namespace ebb::io::zip {

/// Where the central directory lies.
struct Directory {
  std::uint64_t begin = 0, size = 0, entries = 0;
};

/// What the central directory says of one record.
struct Entry {
  std::string name;
  unsigned flags = 0, method = 0;
  std::uint32_t crc = 0;
  std::uint64_t compressed_size = 0, size = 0, offset = 0;
};

/// Reads the end of the archive; an Error where it is no zip, cut short, or contradicts itself.
Directory find_directory(ByteView archive);
std::vector<Entry> read_directory(ByteView archive, const Directory& directory);

/// Replaces those of `fields` that say "look in the 64 bit one" by the values of the extra field, in order. Whether
/// there is one.
bool resolve_zip64(ByteView extra, std::initializer_list<std::uint64_t*> fields);

}  // namespace ebb::io::zip
