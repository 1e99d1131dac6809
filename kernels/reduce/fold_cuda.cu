#include <limits>

#include "ebb/core/dispatch.h"
#include "ebb/kernels/elementwise/elementwise.h"
#include "ebb/kernels/reduce/elements.cuh"
#include "ebb/kernels/reduce/reduce.h"

namespace ebb::kernels {
namespace {

/// Op: Add or Mul. `start` is what it leaves as it is. Floating results are divided by `divisor`.
template <class T, class Op, class Along>
struct Fold : Elements<T, Accumulator<T>, Along> {
  using Value = Accumulator<T>;
  using Raw = Packet<T, Fold::packet>;
  using Result = std::conditional_t<is_half<T>, T, Value>;
  Value start, divisor;
  Result* y;

  Fold(const Tensor& x, const ReductionPlan& plan, Tensor& to, int neutral, std::int64_t count)
      : Elements<T, Value, Along>(x, plan),
        start(static_cast<Value>(neutral)),
        divisor(static_cast<Value>(count)),
        y(to.data<Result>()) {}

  __device__ Value identity() const { return start; }
  __device__ Value value(const Raw& raw, int k, std::int64_t) const {
    return static_cast<Value>(widened(raw.element[k]));
  }
  __device__ Value combine(Value a, Value b) const { return Op()(a, b); }
  __device__ void store(std::int64_t output, Value value) const {
    if constexpr (std::is_floating_point_v<Value>) value /= divisor;
    if constexpr (is_half<T>) {
      y[output] = rounded<T>(value);
    } else {
      y[output] = value;
    }
  }
};

enum class Divide : bool { no, by_count };

template <class Op>
void fold(CudaContext& context, const Tensor& x, const Dims& dims, int start, Divide divide, Tensor& y) {
  if (y.numel() == 0) return;
  const Walkable walk(context, x, dims, y);
  const ReductionPlan& plan = walk.plan;
  const bool is_mean = divide == Divide::by_count;
  if (plan.reduced.numel == 0) return fill(context, is_mean ? std::numeric_limits<double>::quiet_NaN() : start, y);
  visit_any(x.dtype(), [&]<class T>() {
    visit_steps(plan, [&]<class Along>() {
      const Fold<T, Op, Along> reduction(walk.x, plan, y, start, is_mean ? plan.reduced.numel : 1);
      reduce(context, reduction, plan.reduced.numel, plan.kept.numel, order_of(plan));
    });
  });
}

}  // namespace

void sum(CudaContext& context, const Tensor& x, const Dims& dims, Tensor& y) {
  fold<Add>(context, x, dims, 0, Divide::no, y);
}

void mean(CudaContext& context, const Tensor& x, const Dims& dims, Tensor& y) {
  fold<Add>(context, x, dims, 0, Divide::by_count, y);
}

void prod(CudaContext& context, const Tensor& x, const Dims& dims, Tensor& y) {
  fold<Mul>(context, x, dims, 1, Divide::no, y);
}

}  // namespace ebb::kernels
