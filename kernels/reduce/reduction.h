#pragma once

#include <algorithm>
#include <memory>

#include "ebb/kernels/cpu/row_loop.h"
#include "ebb/kernels/reduce/reduction_plan.h"

// How the CPU reduces, whatever the operation. Results are combined in pairs. Where there are few of them each is
// computed in shares, on several threads; what is in a share depends on the sizes only.
//
// Op, of elements of a type:
//   Element, Result
//   Result none()                                              of no elements
//   Result combine(Result a, Result b)
//   Result of_row(const Element* x, step, count)
//   void of_each(const Element* x, x_step, n, Result* y, y_step, count)     count rows of n neighbours
//   void add_rows(const Element* x, stride, rows, Result* y, width)         into y, of each column

namespace ebb::kernels {

inline constexpr std::int64_t rows_in_a_run = 64;
inline constexpr std::int64_t few_outputs = 8;
inline constexpr std::int64_t wide = 2048;  // more columns are shared out, fewer stay together

/// Not a vector, which packs bools.
template <class Op>
auto make_results(std::int64_t count) {
  auto results = std::make_unique_for_overwrite<typename Op::Result[]>(static_cast<std::size_t>(count));
  std::fill_n(results.get(), count, Op::none());
  return results;
}

template <class Op>
[[gnu::noinline]] typename Op::Result reduce_rows(const typename Op::Element* x, const Rows<1>& rows,
                                                  std::int64_t first, std::int64_t last) {
  if (last - first == 1) return Op::of_row(x + reduced_offset(rows, first), rows.strides[0][0], rows.sizes[0]);
  const std::int64_t middle = first + (last - first) / 2;
  return Op::combine(reduce_rows<Op>(x, rows, first, middle), reduce_rows<Op>(x, rows, middle, last));
}

/// The number of shares of `per_share` that cover `count`.
inline std::int64_t count_shares(std::int64_t count, std::int64_t per_share) {
  return (count + per_share - 1) / per_share;
}

/// Calls `body(first, last, i)` for each share, on several threads.
template <class Body>
void for_each_share(std::int64_t count, std::int64_t per_share, Body&& body) {
  parallel_for(count_shares(count, per_share), 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) body(i * per_share, std::min((i + 1) * per_share, count), i);
  });
}

/// each (width) = all of each (count, width), combined in pairs
template <class Op>
[[gnu::noinline]] void combine_pairs(typename Op::Result* each, std::int64_t count, std::int64_t width) {
  for (std::int64_t step = 1; step < count; step *= 2) {
    for (std::int64_t i = 0; i + step < count; i += 2 * step) {
      auto *a = each + i * width, *b = a + step * width;
      for (std::int64_t k = 0; k < width; ++k) a[k] = Op::combine(a[k], b[k]);
    }
  }
}

template <class Op>
[[gnu::noinline]] typename Op::Result reduce_in_shares(const typename Op::Element* x, const Rows<1>& rows) {
  const std::int64_t row = rows.sizes[0], step = rows.strides[0][0], count = rows.numel / row;
  const std::int64_t length = count == 1 ? row : count;
  const std::int64_t per_share = count == 1 ? elements_per_chunk : std::max<std::int64_t>(1, elements_per_chunk / row);
  const std::int64_t shares = count_shares(length, per_share);
  const auto results = make_results<Op>(shares);
  for_each_share(length, per_share, [&](std::int64_t first, std::int64_t last, std::int64_t i) {
    results[static_cast<std::size_t>(i)] =
        count == 1 ? Op::of_row(x + first * step, step, last - first) : reduce_rows<Op>(x, rows, first, last);
  });
  combine_pairs<Op>(results.get(), shares, 1);
  return results[0];
}

/// Takes rows `first` to `last`, of `width` neighbouring elements each, into y (width): that reads memory in order.
template <class Op>
[[gnu::noinline]] void add_columns(const typename Op::Element* x, const Rows<1>& rows, std::int64_t first,
                                   std::int64_t last, typename Op::Result* y, std::int64_t width) {
  const std::int64_t size = rows.sizes[0], stride = rows.strides[0][0];
  if (last - first <= rows_in_a_run) {
    while (first < last) {
      const std::int64_t count = std::min(last - first, size - first % size);
      Op::add_rows(x + reduced_offset(rows, first / size) + first % size * stride, stride, count, y, width);
      first += count;
    }
    return;
  }
  const std::int64_t middle = first + (last - first) / 2;
  add_columns<Op>(x, rows, first, middle, y, width);
  const auto second = make_results<Op>(width);
  add_columns<Op>(x, rows, middle, last, second.get(), width);
  for (std::int64_t i = 0; i < width; ++i) y[i] = Op::combine(y[i], second[static_cast<std::size_t>(i)]);
}

/// Of a few columns, in shares of rows.
template <class Op>
[[gnu::noinline]] void reduce_columns_in_shares(const typename Op::Element* x, const Rows<1>& rows,
                                                typename Op::Result* y, std::int64_t width) {
  const std::int64_t per_share = std::max(rows_in_a_run, elements_per_chunk / width);
  const std::int64_t shares = count_shares(rows.numel, per_share);
  const auto results = make_results<Op>(shares * width);
  for_each_share(rows.numel, per_share, [&](std::int64_t first, std::int64_t last, std::int64_t i) {
    add_columns<Op>(x, rows, first, last, results.get() + i * width, width);
  });
  combine_pairs<Op>(results.get(), shares, width);
  std::copy_n(results.get(), width, y);
}

template <class Op>
[[gnu::noinline]] void reduce_columns(const typename Op::Element* x, const Rows<1>& rows, bool in_shares,
                                      typename Op::Result* y, std::int64_t width) {
  if (in_shares && width <= wide) return reduce_columns_in_shares<Op>(x, rows, y, width);
  std::fill_n(y, width, Op::none());
  const auto add_share = [&](std::int64_t first, std::int64_t last, std::int64_t) {
    add_columns<Op>(x + first, rows, 0, rows.numel, y + first, last - first);
  };
  if (in_shares) {
    for_each_share(width, wide, add_share);
  } else {
    for (std::int64_t i = 0; i < width; i += wide) add_share(i, std::min(width, i + wide), 0);
  }
}

/// y = x, reduced; there are elements to reduce.
template <class Op>
void reduce(const Tensor& x, const ReductionPlan& plan, Tensor& y) {
  const auto* from = x.data<typename Op::Element>();
  auto* to = y.data<typename Op::Result>();
  const Rows<1>& reduced = plan.reduced;
  const bool columns = plan.kept.sizes[0] > 1 && plan.kept.strides[0][0] == 1 && reduced.strides[0][0] != 1;
  const std::int64_t width = columns ? plan.kept.sizes[0] : 1;  // of the outputs that are computed together
  Rows<2> outputs = plan.kept;
  outputs.sizes[0] /= width;
  outputs.numel /= width;
  const bool in_shares = outputs.numel < few_outputs && reduced.numel * width > 2 * elements_per_chunk;
  const std::int64_t rows = reduced.numel / reduced.sizes[0];
  const bool is_short = rows == 1 && reduced.strides[0][0] == 1 && reduced.numel <= elements_per_chunk;
  for_each_row(
      outputs,
      [&](const auto& at, const auto& step, std::int64_t count) {
        if (is_short && !columns) return Op::of_each(from + at[0], step[0], reduced.numel, to + at[1], step[1], count);
        for (std::int64_t i = 0; i < count; ++i) {
          const auto* elements = from + at[0] + i * step[0];
          auto* result = to + at[1] + i * step[1];
          if (columns) {
            reduce_columns<Op>(elements, reduced, in_shares, result, width);
          } else {
            *result = in_shares ? reduce_in_shares<Op>(elements, reduced) : reduce_rows<Op>(elements, reduced, 0, rows);
          }
        }
      },
      in_shares ? outputs.numel : std::max<std::int64_t>(1, outputs_per_chunk(plan) / width));
}

}  // namespace ebb::kernels
