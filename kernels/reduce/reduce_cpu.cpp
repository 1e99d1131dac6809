#include "ebb/kernels/reduce/reduce.h"

#include <vector>

#include "ebb/core/dispatch.h"
#include "ebb/kernels/elementwise/elementwise.h"
#include "ebb/kernels/reduce/extreme_loops.h"
#include "ebb/kernels/reduce/reduce_half.h"
#include "ebb/kernels/reduce/reduction.h"
#include "ebb/kernels/wrapping.h"

namespace ebb::kernels {
namespace {

template <class T>
void prod_as(const Tensor& x, const ReductionPlan& plan, Tensor& y) {
  const T* from = x.data<T>();
  Accumulator<T>* to = y.data<Accumulator<T>>();
  const Rows<1>& reduced = plan.reduced;
  for_each_row(
      plan.kept,
      [&](const auto& at, const auto& step, std::int64_t count) {
        for (std::int64_t i = 0; i < count; ++i) {
          Accumulator<T> product = 1;
          for (std::int64_t r = 0; r < reduced.numel / reduced.sizes[0]; ++r) {
            const T* row = from + at[0] + i * step[0] + reduced_offset(reduced, r);
            for (std::int64_t k = 0; k < reduced.sizes[0]; ++k)
              product = multiplied(product, static_cast<Accumulator<T>>(row[k * reduced.strides[0][0]]));
          }
          to[at[1] + i * step[1]] = product;
        }
      },
      outputs_per_chunk(plan));
}

template <Extreme which, class T>
ExtremeLoops<T> loops() {
  return best([]<Isa isa> { return extreme_loops<isa, which, T>(); });
}

template <Extreme which, class T>
struct ExtremeOf {
  using Element = T;
  using Result = T;

  static T none() { return least_extreme<which, T>(); }
  static T combine(T a, T b) { return more_extreme<which>(a, b); }

  static T of_row(const T* x, std::int64_t step, std::int64_t count) {
    T result = none();
    if constexpr (std::is_floating_point_v<T>) {
      if (step == 1) {
        of_each(x, 0, count, &result, 0, 1);
        return result;
      }
    }
    for (std::int64_t i = 0; i < count; ++i) result = combine(result, x[i * step]);
    return result;
  }

  static void of_each(const T* x, std::int64_t x_step, std::int64_t n, T* y, std::int64_t y_step, std::int64_t count) {
    if constexpr (std::is_floating_point_v<T>) {
      loops<which, T>().each(x, x_step, n, y, y_step, count);
    } else {
      for (std::int64_t i = 0; i < count; ++i) y[i * y_step] = of_row(x + i * x_step, 1, n);
    }
  }

  static void add_rows(const T* x, std::int64_t stride, std::int64_t rows, T* y, std::int64_t width) {
    if constexpr (std::is_floating_point_v<T>) {
      loops<which, T>().rows(x, stride, rows, y, width);
    } else {
      for (std::int64_t r = 0; r < rows; ++r) {
        for (std::int64_t i = 0; i < width; ++i) y[i] = combine(y[i], x[r * stride + i]);
      }
    }
  }
};

/// The position of the extreme of `count` elements.
template <Extreme which, class T>
std::int64_t place_in_row(const T* x, std::int64_t step, std::int64_t count) {
  std::int64_t best = 0;
  if constexpr (std::is_floating_point_v<T>) {
    if (step == 1) {
      loops<which, T>().place_of_each(x, 0, count, &best, 0, 1);
      return best;
    }
  }
  for (std::int64_t k = 1; k < count; ++k) {
    if (beats<which>(x[k * step], x[best * step])) best = k;
  }
  return best;
}

/// Of a long row, on several threads.
template <Extreme which, class T>
std::int64_t place_in_shares(const T* x, std::int64_t step, std::int64_t count) {
  std::vector<std::int64_t> places(static_cast<std::size_t>(count_shares(count, elements_per_chunk)));
  for_each_share(count, elements_per_chunk, [&](std::int64_t first, std::int64_t last, std::int64_t i) {
    places[static_cast<std::size_t>(i)] = first + place_in_row<which>(x + first * step, step, last - first);
  });
  std::int64_t best = 0;
  for (const std::int64_t place : places) {
    if (beats<which>(x[place * step], x[best * step])) best = place;
  }
  return best;
}

template <Extreme which, class T>
void arg_extreme_as(const Tensor& x, int dim, const ReductionPlan& plan, Tensor& y) {
  const T* from = x.data<T>();
  auto* to = y.data<std::int64_t>();
  const std::int64_t size = x.shape()[dim], stride = x.strides()[dim];
  const bool in_shares = plan.kept.numel < few_outputs && size > 2 * elements_per_chunk;
  const bool columns = !in_shares && plan.kept.sizes[0] > 1 && plan.kept.strides[0][0] == 1 && size < (1 << 30);
  for_each_row(
      plan.kept,
      [&](const auto& at, const auto& step, std::int64_t count) {
        if constexpr (std::is_floating_point_v<T>) {
          if (columns) return loops<which, T>().places_of_columns(from + at[0], stride, size, to + at[1], count);
        }
        for (std::int64_t i = 0; i < count; ++i) {
          const T* elements = from + at[0] + i * step[0];
          to[at[1] + i * step[1]] =
              in_shares ? place_in_shares<which>(elements, stride, size) : place_in_row<which>(elements, stride, size);
        }
      },
      in_shares ? plan.kept.numel : outputs_per_chunk(plan));
}

}  // namespace

void prod(CpuContext& context, const Tensor& x, const Dims& dims, Tensor& y) {
  if (have_half(x)) return prod_of_half(context, x, dims, y);
  const ReductionPlan plan = plan_reduction(x, dims, y);
  if (plan.reduced.numel == 0) return fill(context, 1, y);
  visit_number(x.dtype(), [&]<class T>() { prod_as<T>(x, plan, y); });
}

void extreme(CpuContext& context, Extreme which, const Tensor& x, const Dims& dims, Tensor& y) {
  if (have_half(x)) return extreme_of_half(context, which, x, dims, y);
  const ReductionPlan plan = plan_reduction(x, dims, y);
  visit_number(x.dtype(), [&]<class T>() {
    if (which == Extreme::max) {
      reduce<ExtremeOf<Extreme::max, T>>(x, plan, y);
    } else {
      reduce<ExtremeOf<Extreme::min, T>>(x, plan, y);
    }
  });
}

void arg_extreme(CpuContext& context, Extreme which, const Tensor& x, int dim, Tensor& y) {
  if (have_half(x)) return arg_extreme_of_half(context, which, x, dim, y);
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
