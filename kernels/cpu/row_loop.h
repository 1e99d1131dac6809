#pragma once

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/rows.h"

namespace ebb::kernels {

inline constexpr std::int64_t elements_per_chunk = 32768;

namespace detail {
/// `rows` rows of `count` elements, of operands whose offsets change by `step` within a row and by `next` between rows.
struct RowBlock {
  const std::int64_t *offsets, *step, *next;
  std::int64_t count, rows;
};
using BlockBody = void (*)(void* closure, const RowBlock& block);
void for_each_block(const Shape& sizes, std::span<const Strides> strides, std::int64_t numel, std::int64_t grain,
                    BlockBody body, void* closure);
}  // namespace detail

/// Calls `body(offsets, steps, count)` for each row of `rows`: element i of operand k lies at offsets[k] + i steps[k].
/// A thread takes about `grain` elements at a time.
template <std::size_t n, class Body>
void for_each_row(const Rows<n>& rows, Body&& body, std::int64_t grain = elements_per_chunk) {
  static_assert(n <= max_operands);
  const auto call = [](void* closure, const detail::RowBlock& block) {
    // Copies, that what the body stores cannot change.
    std::array<std::int64_t, n> offsets, step, next;
    std::copy_n(block.offsets, n, offsets.begin());
    std::copy_n(block.step, n, step.begin());
    std::copy_n(block.next, n, next.begin());
    const std::int64_t count = block.count;
    for (std::int64_t r = block.rows; r > 0; --r) {
      (*static_cast<std::remove_reference_t<Body>*>(closure))(std::as_const(offsets), std::as_const(step), count);
      for (std::size_t k = 0; k < n; ++k) offsets[k] += next[k];
    }
  };
  detail::for_each_block(rows.sizes, rows.strides, rows.numel, grain, call,
                         const_cast<void*>(static_cast<const void*>(&body)));
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
