#pragma once

#include <cstddef>
#include <span>

namespace ebb::io {

/// Has the system find the pages of memory that is about to be filled, all at once: one by one, as they are first
/// touched, takes longer than to copy a file into them. Does nothing where the memory is small or the system cannot.
void prefault(std::span<std::byte> memory) noexcept;

}  // namespace ebb::io
