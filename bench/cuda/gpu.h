#pragma once

#include <cstdint>

namespace ebb::bench {

/// Of the L2 cache of the GPU of that number.
std::int64_t l2_bytes(int device);

}  // namespace ebb::bench
