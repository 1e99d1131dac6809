#pragma once

#include <cstdint>

#include "ebb/io/bytes/bytes.h"
#include "ebb/io/zip/crc32_fold.h"

namespace ebb::io {

/// The CRC-32 of zip and gzip. `crc`: of the bytes before these, to go on from.
std::uint32_t crc32(ByteView bytes, std::uint32_t crc = 0);

/// The same, by a folder of crc32_folders(), or by tables alone.
std::uint32_t crc32_by(const Crc32Folder* folder, ByteView bytes, std::uint32_t crc = 0);

}  // namespace ebb::io
