#pragma once

#include <algorithm>
#include <cstdint>

#include "ebb/core/tensor.h"
#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/cpu/row_loop.h"

// Lines along the middle of x (outer, n, inner), contiguous, shared out to several threads.

namespace ebb::kernels {

/// Calls `body(outer)` for each row of x (outer, n, 1).
template <class Body>
void for_each_line(const Tensor& x, Body&& body) {
  const std::int64_t grain = std::max<std::int64_t>(1, elements_per_chunk / std::max<std::int64_t>(1, x.size(1)));
  parallel_for(x.size(0), grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) body(row);
  });
}

inline constexpr std::int64_t columns_together = 64;

/// Calls `body(outer, first column, width)` for `width` <= columns_together neighbouring columns at a time.
template <class Body>
void for_each_columns(const Tensor& x, Body&& body) {
  const std::int64_t n = x.size(1), inner = x.size(2), strips = (inner + columns_together - 1) / columns_together;
  const std::int64_t elements = std::max<std::int64_t>(1, n * std::min(inner, columns_together));
  const std::int64_t grain = std::max<std::int64_t>(1, elements_per_chunk / elements);
  parallel_for(x.size(0) * strips, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t first = i % strips * columns_together;
      body(i / strips, first, std::min(columns_together, inner - first));
    }
  });
}

}  // namespace ebb::kernels
