#pragma once

#include <cstddef>

namespace ebb::detail {

inline constexpr std::size_t block_alignment = 64;  // a line of the caches, and the widest vector
inline constexpr std::size_t large_page = std::size_t{2} << 20;

constexpr std::size_t round_up(std::size_t bytes, std::size_t multiple) {
  return (bytes + multiple - 1) / multiple * multiple;
}

/// Memory from the system, aligned to 64 bytes; null where there is none. std::free() takes it back.
void* new_block(std::size_t bytes) noexcept;

/// Linux is to give large pages, if it has some, wherever one would hold a part of what lies between the places, as it
/// does for whole ones of what new_block() gives: faults when memory is first written to are 512 times fewer, and
/// strides across it miss the TLB less often.
void ask_for_large_pages(std::byte* begin, std::byte* end) noexcept;

}  // namespace ebb::detail
