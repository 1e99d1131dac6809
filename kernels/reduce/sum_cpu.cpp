#include <array>

#include "ebb/core/dispatch.h"
#include "ebb/kernels/elementwise/elementwise.h"
#include "ebb/kernels/reduce/reduce.h"
#include "ebb/kernels/reduce/reduce_half.h"
#include "ebb/kernels/reduce/reduction.h"
#include "ebb/kernels/reduce/sum_loops.h"
#include "ebb/kernels/wrapping.h"

namespace ebb::kernels {
namespace {

constexpr std::int64_t run = 128;  // elements added one after another before sums are paired

/// Sums are paired, so that their rounding error grows with log(count).
template <class T>
struct Sum {
  using Element = T;
  using Result = Accumulator<T>;

  static Result none() { return 0; }
  static Result combine(Result a, Result b) { return added(a, b); }

  [[gnu::noinline]] static Result of_row(const T* x, std::int64_t step, std::int64_t count) {
    if constexpr (std::is_floating_point_v<T>) {
      if (step == 1 && count <= elements_per_chunk) {
        T sum;
        of_each(x, 0, count, &sum, 0, 1);
        return sum;
      }
    }
    if (count <= run) return of_run(x, step, count);
    const std::int64_t half = count / 2 / 8 * 8;
    return added(of_row(x, step, half), of_row(x + half * step, step, count - half));
  }

  static void of_each(const T* x, std::int64_t x_step, std::int64_t n, Result* y, std::int64_t y_step,
                      std::int64_t count) {
    if constexpr (std::is_floating_point_v<T>) {
      best([]<Isa isa> { return sum_each<isa, T>; })(x, x_step, n, y, y_step, count);
    } else {
      for (std::int64_t i = 0; i < count; ++i) y[i * y_step] = of_row(x + i * x_step, 1, n);
    }
  }

  static void add_rows(const T* x, std::int64_t stride, std::int64_t rows, Result* y, std::int64_t width) {
    if constexpr (std::is_floating_point_v<T>) {
      best([]<Isa isa> { return kernels::add_rows<isa, T>; })(x, stride, rows, y, width);
    } else {
      for (std::int64_t r = 0; r < rows; ++r) {
        for (std::int64_t i = 0; i < width; ++i) y[i] = added(y[i], static_cast<Result>(x[r * stride + i]));
      }
    }
  }

 private:
  [[gnu::noinline]] static Result of_run(const T* x, std::int64_t step, std::int64_t count) {
    std::array<Result, 8> lanes{};
    std::int64_t i = 0;
    for (; i + 8 <= count; i += 8) {
      for (std::int64_t k = 0; k < 8; ++k) {
        Result& lane = lanes[static_cast<std::size_t>(k)];
        lane = added(lane, static_cast<Result>(x[(i + k) * step]));
      }
    }
    for (; i < count; ++i) lanes[0] = added(lanes[0], static_cast<Result>(x[i * step]));
    return added(added(added(lanes[0], lanes[1]), added(lanes[2], lanes[3])),
                 added(added(lanes[4], lanes[5]), added(lanes[6], lanes[7])));
  }
};

}  // namespace

void sum(CpuContext& context, const Tensor& x, const Dims& dims, Tensor& y) {
  if (have_half(x)) return sum_of_half(context, x, dims, y);
  if (y.numel() == 1 && x.is_contiguous() && x.numel() <= elements_per_chunk) {  // most losses
    return visit_number(x.dtype(),
                        [&]<class T>() { *y.data<Accumulator<T>>() = Sum<T>::of_row(x.data<T>(), 1, x.numel()); });
  }
  const ReductionPlan plan = plan_reduction(x, dims, y);
  if (plan.reduced.numel == 0) return fill(context, 0, y);
  visit_number(x.dtype(), [&]<class T>() { reduce<Sum<T>>(x, plan, y); });
}

void mean(CpuContext& context, const Tensor& x, const Dims& dims, Tensor& y) {
  double count = 1;
  for (const std::int64_t d : dims) count *= static_cast<double>(x.size(d));
  const DivScalar divide{Immediate(count)};
  if (!have_half(x)) {
    sum(context, x, dims, y);
    return unary(context, divide, y, y);
  }
  Tensor total = allocate(y.shape(), kFloat32);
  sum_of_half(context, x, dims, total);
  unary(context, divide, total, total);
  copy(context, total, y);
}

}  // namespace ebb::kernels
