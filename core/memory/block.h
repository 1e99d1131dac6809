#pragma once

#include <cstddef>

namespace ebb::detail {

inline constexpr std::size_t block_alignment = 64;  // a line of the caches, and the widest vector

/// Memory from the system, aligned to 64 bytes; null where there is none. std::free() takes it back. Whole 2 MiB of the
/// `used` bytes that it begins with are large pages where Linux has them to give: faults when it is first written to
/// are 512 times fewer, and strides across it miss the TLB less often.
void* new_block(std::size_t bytes, std::size_t used) noexcept;

}  // namespace ebb::detail
