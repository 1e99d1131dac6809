#include "ebb/kernels/reduce/reduce.h"

#include <array>
#include <vector>

#include "ebb/core/dispatch.h"
#include "ebb/kernels/cpu/row_loop.h"
#include "ebb/kernels/elementwise/elementwise.h"
#include "ebb/kernels/reduce/reduction_plan.h"

namespace ebb::kernels {
namespace {

template <class T>
using Sum = std::conditional_t<std::is_floating_point_v<T>, T, std::int64_t>;

constexpr std::int64_t run = 128;  // elements added one after another before sums are paired

/// The sum of `count` elements, halved until short: the rounding error grows with log(count).
template <class T>
Sum<T> pairwise_sum(const T* x, std::int64_t step, std::int64_t count) {
  if (count > run) {
    const std::int64_t half = count / 2 / 8 * 8;
    return pairwise_sum(x, step, half) + pairwise_sum(x + half * step, step, count - half);
  }
  std::array<Sum<T>, 8> lanes{};
  std::int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    for (std::int64_t k = 0; k < 8; ++k) lanes[static_cast<std::size_t>(k)] += static_cast<Sum<T>>(x[(i + k) * step]);
  }
  for (; i < count; ++i) lanes[0] += static_cast<Sum<T>>(x[i * step]);
  return ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
}

/// Offset of row `r` of the reduced elements.
std::int64_t row_offset(const Rows<1>& rows, std::int64_t r) {
  std::int64_t offset = 0;
  for (int d = 1; d < rows.sizes.size(); ++d) {
    offset += r % rows.sizes[d] * rows.strides[0][d];
    r /= rows.sizes[d];
  }
  return offset;
}

template <class T>
Sum<T> sum_rows(const T* x, const Rows<1>& rows, std::int64_t first, std::int64_t last) {
  if (last - first == 1) return pairwise_sum(x + row_offset(rows, first), rows.strides[0][0], rows.sizes[0]);
  const std::int64_t middle = first + (last - first) / 2;
  return sum_rows(x, rows, first, middle) + sum_rows(x, rows, middle, last);
}

/// Sums over rows of `width` neighbouring outputs: a column sum that reads memory in order.
template <class T>
void sum_columns(const T* x, const Rows<1>& rows, std::int64_t first, std::int64_t last, Sum<T>* y,
                 std::int64_t width) {
  constexpr std::int64_t few = 16;
  if (last - first <= few) {
    for (std::int64_t r = first; r < last; ++r) {
      const T* row = x + row_offset(rows, r / rows.sizes[0]) + r % rows.sizes[0] * rows.strides[0][0];
      for (std::int64_t i = 0; i < width; ++i) y[i] += static_cast<Sum<T>>(row[i]);
    }
    return;
  }
  const std::int64_t middle = first + (last - first) / 2;
  sum_columns(x, rows, first, middle, y, width);
  std::vector<Sum<T>> second(static_cast<std::size_t>(width));
  sum_columns(x, rows, middle, last, second.data(), width);
  for (std::int64_t i = 0; i < width; ++i) y[i] += second[static_cast<std::size_t>(i)];
}

template <class T>
void sum_as(const Tensor& x, const ReductionPlan& plan, Tensor& y) {
  const T* from = x.data<T>();
  Sum<T>* to = y.data<Sum<T>>();
  const Rows<1>& reduced = plan.reduced;
  const bool columns = plan.kept.sizes[0] > 1 && plan.kept.strides[0][0] == 1 && reduced.strides[0][0] != 1;
  if (columns) {
    const std::int64_t width = plan.kept.sizes[0];
    Rows<2> blocks = plan.kept;  // one block of neighbouring outputs at a time
    blocks.sizes[0] = 1;
    blocks.numel /= width;
    return for_each_row(blocks, [&](const auto& at, const auto&, std::int64_t) {
      std::fill_n(to + at[1], width, Sum<T>(0));
      sum_columns(from + at[0], reduced, 0, reduced.numel, to + at[1], width);
    });
  }
  const std::int64_t rows = reduced.numel / reduced.sizes[0];
  for_each_row(plan.kept, [&](const auto& at, const auto& step, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i)
      to[at[1] + i * step[1]] = sum_rows(from + at[0] + i * step[0], reduced, 0, rows);
  });
}

template <class T>
void prod_as(const Tensor& x, const ReductionPlan& plan, Tensor& y) {
  const T* from = x.data<T>();
  Sum<T>* to = y.data<Sum<T>>();
  const Rows<1>& reduced = plan.reduced;
  for_each_row(plan.kept, [&](const auto& at, const auto& step, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
      Sum<T> product = 1;
      for (std::int64_t r = 0; r < reduced.numel / reduced.sizes[0]; ++r) {
        const T* row = from + at[0] + i * step[0] + row_offset(reduced, r);
        for (std::int64_t k = 0; k < reduced.sizes[0]; ++k)
          product *= static_cast<Sum<T>>(row[k * reduced.strides[0][0]]);
      }
      to[at[1] + i * step[1]] = product;
    }
  });
}

template <Extreme which, class T>
bool beats(T candidate, T best) {
  if (candidate != candidate) return best == best;
  return which == Extreme::max ? candidate > best : candidate < best;
}

template <Extreme which, class T>
void extreme_as(const Tensor& x, const ReductionPlan& plan, Tensor& y) {
  const T* from = x.data<T>();
  T* to = y.data<T>();
  const Rows<1>& reduced = plan.reduced;
  for_each_row(plan.kept, [&](const auto& at, const auto& step, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
      const T* elements = from + at[0] + i * step[0];
      T best = elements[0];
      for (std::int64_t r = 0; r < reduced.numel / reduced.sizes[0]; ++r) {
        const T* row = elements + row_offset(reduced, r);
        for (std::int64_t k = 0; k < reduced.sizes[0]; ++k) {
          const T value = row[k * reduced.strides[0][0]];
          if (beats<which>(value, best)) best = value;
        }
      }
      to[at[1] + i * step[1]] = best;
    }
  });
}

template <Extreme which, class T>
void arg_extreme_as(const Tensor& x, int dim, const ReductionPlan& plan, Tensor& y) {
  const T* from = x.data<T>();
  auto* to = y.data<std::int64_t>();
  const std::int64_t size = x.shape()[dim], stride = x.strides()[dim];
  for_each_row(plan.kept, [&](const auto& at, const auto& step, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
      const T* elements = from + at[0] + i * step[0];
      std::int64_t best = 0;
      for (std::int64_t k = 1; k < size; ++k) {
        if (beats<which>(elements[k * stride], elements[best * stride])) best = k;
      }
      to[at[1] + i * step[1]] = best;
    }
  });
}

}  // namespace

void sum(CpuContext& context, const Tensor& x, const Dims& dims, Tensor& y) {
  const ReductionPlan plan = plan_reduction(x, dims, y);
  if (plan.reduced.numel == 0) return fill(context, 0, y);
  visit_number(x.dtype(), [&]<class T>() { sum_as<T>(x, plan, y); });
}

void prod(CpuContext& context, const Tensor& x, const Dims& dims, Tensor& y) {
  const ReductionPlan plan = plan_reduction(x, dims, y);
  if (plan.reduced.numel == 0) return fill(context, 1, y);
  visit_number(x.dtype(), [&]<class T>() { prod_as<T>(x, plan, y); });
}

void extreme(CpuContext&, Extreme which, const Tensor& x, const Dims& dims, Tensor& y) {
  const ReductionPlan plan = plan_reduction(x, dims, y);
  visit_number(x.dtype(), [&]<class T>() {
    if (which == Extreme::max) {
      extreme_as<Extreme::max, T>(x, plan, y);
    } else {
      extreme_as<Extreme::min, T>(x, plan, y);
    }
  });
}

void arg_extreme(CpuContext&, Extreme which, const Tensor& x, int dim, Tensor& y) {
  const ReductionPlan plan = plan_reduction(x, {dim}, y);
  visit_number(x.dtype(), [&]<class T>() {
    if (which == Extreme::max) {
      arg_extreme_as<Extreme::max, T>(x, dim, plan, y);
    } else {
      arg_extreme_as<Extreme::min, T>(x, dim, plan, y);
    }
  });
}

}  // namespace ebb::kernels
