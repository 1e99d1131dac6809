#pragma once

#include <cstdint>

namespace ebb::bench {

/// Of the first GPU's L2 cache.
std::int64_t l2_bytes();

}  // namespace ebb::bench
