#pragma once

#include <cstddef>

#include "ebb/io/bytes/bytes.h"

namespace ebb::io {

/// Whether the bytes start as a gzip file does.
bool is_gzip(ByteView bytes);

/// The size of the last member's content modulo 2^32, as its trailer tells it unchecked.
std::uint32_t declared_gzip_size(ByteView file);

/// The content of a gzip file (RFC 1952), of all its members one after the other. An Error where it is damaged, cut
/// short, or holds more than `limit` bytes; CRC and length are checked.
Bytes gunzip(ByteView file, std::size_t limit = std::size_t{1} << 32);

}  // namespace ebb::io
