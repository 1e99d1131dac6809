#pragma once

#include <cstdint>

namespace ebb::kernels {

/// Bytes of this CPU's caches, as the system tells them; a usual size where it does not.
struct Caches {
  std::int64_t l2;  // of one core
  std::int64_t l3;  // of all cores together
};

const Caches& caches();

}  // namespace ebb::kernels
