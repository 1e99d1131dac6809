#include "ebb/core/dispatch.h"
#include "ebb/kernels/elementwise/elementwise.h"
#include "ebb/kernels/reduce/elements.cuh"
#include "ebb/kernels/reduce/reduce.h"

namespace ebb::kernels {
namespace {

/// Op: Add or Mul. `start` is what it leaves as it is. Of half precision y may be float32, too.
template <class T, class Op, class Along>
struct Fold : Elements<T, Accumulator<T>, Along> {
  using Value = Accumulator<T>;
  using Raw = Packet<T, Fold::packet>;
  Value* y = nullptr;
  T* rounded_y = nullptr;
  Value start;

  Fold(const Tensor& x, const ReductionPlan& plan, Tensor& to, int neutral)
      : Elements<T, Value, Along>(x, plan), start(static_cast<Value>(neutral)) {
    if (is_half_precision(to.dtype())) {
      rounded_y = to.data<T>();
    } else {
      y = to.data<Value>();
    }
  }

  __device__ Value identity() const { return start; }
  __device__ Value value(const Raw& raw, int k, std::int64_t) const {
    return static_cast<Value>(widened(raw.element[k]));
  }
  __device__ Value combine(Value a, Value b) const { return Op()(a, b); }
  __device__ void store(std::int64_t output, Value value) const {
    if (is_half<T> && y == nullptr) {
      rounded_y[output] = rounded<T>(static_cast<OpMath<T>>(value));
    } else {
      y[output] = value;
    }
  }
};

template <class Op>
void fold(CudaContext& context, const Tensor& x, const Dims& dims, int start, Tensor& y) {
  if (y.numel() == 0) return;
  const Walkable walk(context, x, dims, y);
  const ReductionPlan& plan = walk.plan;
  if (plan.reduced.numel == 0) return fill(context, start, y);
  visit_any(x.dtype(), [&]<class T>() {
    visit_steps(plan, [&]<class Along>() {
      const Fold<T, Op, Along> reduction(walk.x, plan, y, start);
      reduce(context, reduction, plan.reduced.numel, plan.kept.numel, order_of(plan));
    });
  });
}

}  // namespace

void sum(CudaContext& context, const Tensor& x, const Dims& dims, Tensor& y) { fold<Add>(context, x, dims, 0, y); }

void prod(CudaContext& context, const Tensor& x, const Dims& dims, Tensor& y) { fold<Mul>(context, x, dims, 1, y); }

}  // namespace ebb::kernels
