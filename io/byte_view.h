#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace ebb::io {

/// The content of a file in memory, owned or not.
using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;

}  // namespace ebb::io
