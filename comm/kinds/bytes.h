#pragma once

#include <cstddef>
#include <cstdint>

#include "ebb/comm/call.h"

namespace ebb::comm {

/// Bytes of one element.
inline std::int64_t width(const Call& call) { return static_cast<std::int64_t>(size_of(call.dtype)); }
/// Bytes of all.
inline std::size_t bytes(const Call& call) { return static_cast<std::size_t>(call.numel * width(call)); }

}  // namespace ebb::comm
