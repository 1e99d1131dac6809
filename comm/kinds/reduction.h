#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ebb/comm/call.h"

namespace ebb::comm {

/// Each of `outputs` (elements `begin` to `end` of it) becomes the reduction of those of `inputs`, in their order; an
/// output may be an input. Halves add as float32 and are rounded once; integers wrap. Of no
/// float8.
void reduce_in_order(DType dtype, ReduceOp op, std::span<const std::byte* const> inputs,
                     std::span<std::byte* const> outputs, std::int64_t begin, std::int64_t end);

}  // namespace ebb::comm
