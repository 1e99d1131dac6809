#pragma once

#include <cstddef>
#include <cstdint>

namespace ebb::kernels {

/// Whether a copy of `bytes` had better pass the caches: they would have lost its beginning before it is read, and
/// would read all of it from memory before it is written.
bool outgrows_caches(std::int64_t bytes);

/// Copies past the caches.
void stream(const std::byte* from, std::byte* to, std::int64_t bytes);

}  // namespace ebb::kernels
