#pragma once

#include "ebb/core/error.h"
#include "ebb/io/bytes/bytes.h"
#include "ebb/io/zip/crc32.h"

namespace ebb::test {

/// A gzip file of one stored block, RFC 1951 and 1952: of less than 64 kB.
inline io::Bytes gzip_stored(io::ByteView content) {
  check(content.size() < 1 << 16, "a stored block holds less than 65536 bytes, got ", content.size());
  io::Bytes file;
  io::append_little(file, 0x00088b1f, 4);      // the magic, deflate, no flags
  io::append_little(file, 0xff0000000000, 6);  // no time, an unknown system
  io::append_little(file, 1, 1);               // the last block
  io::append_little(file, content.size(), 2);
  io::append_little(file, ~content.size(), 2);
  file.insert(file.end(), content.begin(), content.end());
  io::append_little(file, io::crc32(content), 4);
  io::append_little(file, content.size(), 4);
  return file;
}

}  // namespace ebb::test
