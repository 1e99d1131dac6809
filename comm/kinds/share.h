#pragma once

#include <algorithm>
#include <cstdint>

#include "ebb/core/dtype/dtype.h"

namespace ebb::comm {

/// Of some elements, those that one rank sees to: whole cache lines, so that no two ranks write to one.
struct Share {
  Share(std::int64_t numel, DType dtype, int rank, int size) {
    const std::int64_t line = 64 / static_cast<std::int64_t>(size_of(dtype));
    const std::int64_t lines = (numel + line - 1) / line;
    begin = std::min(lines * rank / size * line, numel);
    end = std::min(lines * (rank + 1) / size * line, numel);
  }
  std::int64_t begin, end;
};

}  // namespace ebb::comm
