// Sums are paired, so that their rounding error grows with log(count). Where there are few of them each is computed in
// shares, on several threads; what is in a share depends on the sizes only.
#include <algorithm>
#include <array>
#include <vector>

#include "ebb/core/dispatch.h"
#include "ebb/kernels/cpu/row_loop.h"
#include "ebb/kernels/elementwise/elementwise.h"
#include "ebb/kernels/reduce/reduce.h"
#include "ebb/kernels/reduce/reduction_plan.h"
#include "ebb/kernels/reduce/sum_loops.h"
#include "ebb/kernels/wrapping.h"

namespace ebb::kernels {
namespace {

constexpr std::int64_t run = 128;  // elements added one after another before sums are paired
constexpr std::int64_t rows_in_a_run = 64;
constexpr std::int64_t few_outputs = 8;
constexpr std::int64_t wide = 2048;  // more columns are shared out, fewer stay together

template <class T>
auto best_sum_each() {
  return best([]<Isa isa> { return sum_each<isa, T>; });
}

template <class T>
Accumulator<T> pairwise_sum(const T* x, std::int64_t step, std::int64_t count) {
  if constexpr (std::is_floating_point_v<T>) {
    if (step == 1 && count <= elements_per_chunk) {
      T sum;
      best_sum_each<T>()(x, 0, count, &sum, 0, 1);
      return sum;
    }
  }
  if (count > run) {
    const std::int64_t half = count / 2 / 8 * 8;
    return added(pairwise_sum(x, step, half), pairwise_sum(x + half * step, step, count - half));
  }
  std::array<Accumulator<T>, 8> lanes{};
  std::int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    for (std::int64_t k = 0; k < 8; ++k) {
      auto& lane = lanes[static_cast<std::size_t>(k)];
      lane = added(lane, static_cast<Accumulator<T>>(x[(i + k) * step]));
    }
  }
  for (; i < count; ++i) lanes[0] = added(lanes[0], static_cast<Accumulator<T>>(x[i * step]));
  return added(added(added(lanes[0], lanes[1]), added(lanes[2], lanes[3])),
               added(added(lanes[4], lanes[5]), added(lanes[6], lanes[7])));
}

template <class T>
Accumulator<T> sum_rows(const T* x, const Rows<1>& rows, std::int64_t first, std::int64_t last) {
  if (last - first == 1) return pairwise_sum(x + reduced_offset(rows, first), rows.strides[0][0], rows.sizes[0]);
  const std::int64_t middle = first + (last - first) / 2;
  return added(sum_rows(x, rows, first, middle), sum_rows(x, rows, middle, last));
}

/// The number of shares of `per_share` that cover `count`; `body(first, last, i)` is called for each, on several
/// threads.
template <class Body>
std::int64_t for_each_share(std::int64_t count, std::int64_t per_share, Body&& body) {
  const std::int64_t shares = (count + per_share - 1) / per_share;
  parallel_for(shares, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) body(i * per_share, std::min((i + 1) * per_share, count), i);
  });
  return shares;
}

template <class T>
Accumulator<T> sum_in_shares(const T* x, const Rows<1>& rows) {
  const std::int64_t row = rows.sizes[0], step = rows.strides[0][0], count = rows.numel / row;
  const std::int64_t rows_per_share = std::max<std::int64_t>(1, elements_per_chunk / row);
  std::vector<Accumulator<T>> sums(static_cast<std::size_t>(std::max(count, row / elements_per_chunk + 1)));
  const std::int64_t shares =
      count == 1
          ? for_each_share(row, elements_per_chunk,
                           [&](std::int64_t first, std::int64_t last, std::int64_t i) {
                             sums[static_cast<std::size_t>(i)] = pairwise_sum(x + first * step, step, last - first);
                           })
          : for_each_share(count, rows_per_share, [&](std::int64_t first, std::int64_t last, std::int64_t i) {
              sums[static_cast<std::size_t>(i)] = sum_rows(x, rows, first, last);
            });
  return pairwise_sum(sums.data(), 1, shares);
}

/// y (width) += the sum of `count` rows that lie `stride` apart
template <class T>
void add_run(const T* x, std::int64_t stride, std::int64_t count, Accumulator<T>* y, std::int64_t width) {
  if constexpr (std::is_floating_point_v<T>) {
    best([]<Isa isa> { return add_rows<isa, T>; })(x, stride, count, y, width);
  } else {
    for (std::int64_t r = 0; r < count; ++r) {
      for (std::int64_t i = 0; i < width; ++i) y[i] = added(y[i], static_cast<Accumulator<T>>(x[r * stride + i]));
    }
  }
}

/// y (width) += the rows `first` to `last`, of `width` neighbouring elements each, which reads memory in order.
template <class T>
void add_columns(const T* x, const Rows<1>& rows, std::int64_t first, std::int64_t last, Accumulator<T>* y,
                 std::int64_t width) {
  const std::int64_t size = rows.sizes[0], stride = rows.strides[0][0];
  if (last - first <= rows_in_a_run) {
    while (first < last) {
      const std::int64_t count = std::min(last - first, size - first % size);
      add_run(x + reduced_offset(rows, first / size) + first % size * stride, stride, count, y, width);
      first += count;
    }
    return;
  }
  const std::int64_t middle = first + (last - first) / 2;
  add_columns(x, rows, first, middle, y, width);
  std::vector<Accumulator<T>> second(static_cast<std::size_t>(width));
  add_columns(x, rows, middle, last, second.data(), width);
  for (std::int64_t i = 0; i < width; ++i) y[i] = added(y[i], second[static_cast<std::size_t>(i)]);
}

/// Of a few columns, in shares of rows.
template <class T>
void sum_columns_in_shares(const T* x, const Rows<1>& rows, Accumulator<T>* y, std::int64_t width) {
  const std::int64_t per_share = std::max(rows_in_a_run, elements_per_chunk / width);
  std::vector<Accumulator<T>> sums(static_cast<std::size_t>((rows.numel + per_share - 1) / per_share * width));
  const std::int64_t shares =
      for_each_share(rows.numel, per_share, [&](std::int64_t first, std::int64_t last, std::int64_t i) {
        add_columns(x, rows, first, last, sums.data() + i * width, width);
      });
  add_columns(sums.data(), Rows<1>{{shares}, {Strides{width}}, shares}, 0, shares, y, width);
}

template <class T>
void sum_columns(const T* x, const Rows<1>& rows, bool in_shares, Accumulator<T>* y, std::int64_t width) {
  std::fill_n(y, width, Accumulator<T>(0));
  if (in_shares && width <= wide) return sum_columns_in_shares(x, rows, y, width);
  const auto add_share = [&](std::int64_t first, std::int64_t last, std::int64_t) {
    add_columns(x + first, rows, 0, rows.numel, y + first, last - first);
  };
  if (in_shares) {
    for_each_share(width, wide, add_share);
  } else {
    for (std::int64_t i = 0; i < width; i += wide) add_share(i, std::min(width, i + wide), 0);
  }
}

template <class T>
void sum_as(const Tensor& x, const ReductionPlan& plan, Tensor& y) {
  const T* from = x.data<T>();
  Accumulator<T>* to = y.data<Accumulator<T>>();
  const Rows<1>& reduced = plan.reduced;
  const bool columns = plan.kept.sizes[0] > 1 && plan.kept.strides[0][0] == 1 && reduced.strides[0][0] != 1;
  const std::int64_t width = columns ? plan.kept.sizes[0] : 1;  // of the outputs that are computed together
  Rows<2> outputs = plan.kept;
  outputs.sizes[0] /= width;
  outputs.numel /= width;
  const bool in_shares = outputs.numel < few_outputs && reduced.numel * width > 2 * elements_per_chunk;
  const std::int64_t rows = reduced.numel / reduced.sizes[0];
  const bool short_rows = !columns && rows == 1 && reduced.strides[0][0] == 1 && reduced.numel <= elements_per_chunk;
  for_each_row(
      outputs,
      [&](const auto& at, const auto& step, std::int64_t count) {
        if constexpr (std::is_floating_point_v<T>) {
          if (short_rows) {
            return best_sum_each<T>()(from + at[0], step[0], reduced.numel, to + at[1], step[1], count);
          }
        }
        for (std::int64_t i = 0; i < count; ++i) {
          const T* elements = from + at[0] + i * step[0];
          Accumulator<T>* sum = to + at[1] + i * step[1];
          if (columns) {
            sum_columns(elements, reduced, in_shares, sum, width);
          } else {
            *sum = in_shares ? sum_in_shares(elements, reduced) : sum_rows(elements, reduced, 0, rows);
          }
        }
      },
      in_shares ? outputs.numel : std::max<std::int64_t>(1, outputs_per_chunk(plan) / width));
}

}  // namespace

void sum(CpuContext& context, const Tensor& x, const Dims& dims, Tensor& y) {
  if (y.numel() == 1 && x.is_contiguous() && x.numel() <= elements_per_chunk) {  // most losses
    return visit_number(x.dtype(),
                        [&]<class T>() { *y.data<Accumulator<T>>() = pairwise_sum(x.data<T>(), 1, x.numel()); });
  }
  const ReductionPlan plan = plan_reduction(x, dims, y);
  if (plan.reduced.numel == 0) return fill(context, 0, y);
  visit_number(x.dtype(), [&]<class T>() { sum_as<T>(x, plan, y); });
}

}  // namespace ebb::kernels
