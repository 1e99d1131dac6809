#pragma once

#include <algorithm>
#include <array>

#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/rows.h"

namespace ebb::kernels {

inline constexpr std::int64_t elements_per_chunk = 32768;

/// Calls `body(offsets, steps, count)` for each row of `rows`: element i of operand k lies at offsets[k] + i steps[k].
/// A thread takes about `grain` elements at a time.
template <std::size_t n, class Body>
void for_each_row(const Rows<n>& rows, Body&& body, std::int64_t grain = elements_per_chunk) {
  using Offsets = std::array<std::int64_t, n>;
  if (rows.numel == 0) return;
  Offsets steps;
  for (std::size_t k = 0; k < n; ++k) steps[k] = rows.strides[k][0];
  const std::int64_t row = rows.sizes[0], count = rows.numel / row;
  if (count == 1) {
    return parallel_for(row, grain, [&](std::int64_t begin, std::int64_t end) {
      Offsets offsets;
      for (std::size_t k = 0; k < n; ++k) offsets[k] = begin * steps[k];
      body(offsets, steps, end - begin);
    });
  }
  parallel_for(count, std::max<std::int64_t>(1, grain / row), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      Offsets offsets{};
      std::int64_t rest = r;
      for (int d = 1; d < rows.sizes.size(); ++d) {
        const std::int64_t index = rest % rows.sizes[d];
        rest /= rows.sizes[d];
        for (std::size_t k = 0; k < n; ++k) offsets[k] += index * rows.strides[k][d];
      }
      body(offsets, steps, row);
    }
  });
}

/// y = op(x) along one row; the first loop is the one that the compiler vectorises.
template <class T, class R, class Op>
void map_row(const T* x, std::int64_t x_step, R* y, std::int64_t y_step, std::int64_t count, Op op) {
  if (x_step == 1 && y_step == 1) {
    for (std::int64_t i = 0; i < count; ++i) y[i] = op(x[i]);
  } else {
    for (std::int64_t i = 0; i < count; ++i) y[i * y_step] = op(x[i * x_step]);
  }
}

}  // namespace ebb::kernels
