#pragma once

#include <cstdint>

#include "ebb/io/bytes.h"

namespace ebb::io {

/// The CRC-32 of zip and gzip. `crc`: of the bytes before these, to go on from.
std::uint32_t crc32(ByteView bytes, std::uint32_t crc = 0);

}  // namespace ebb::io
