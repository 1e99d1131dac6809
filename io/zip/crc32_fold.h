#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ebb/io/bytes/bytes.h"

/// CRC-32 by multiplication without carries: V. Gopal et al., "Fast CRC Computation for Generic Polynomials Using
/// PCLMULQDQ Instruction", Intel, 2009.
namespace ebb::io {

/// 16 bytes that leave the remainder of the `consumed` bytes at the front.
struct Folded {
  std::array<std::byte, 16> bytes;
  std::size_t consumed;
};

struct Crc32Folder {
  const char* name;
  std::size_t least;  ///< bytes that it needs
  Folded (*fold)(ByteView bytes, std::uint32_t remainder);
};

/// Those that this CPU can run, the fastest first.
const std::vector<Crc32Folder>& crc32_folders();

}  // namespace ebb::io
