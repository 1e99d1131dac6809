#include "ebb/core/dispatch.h"
#include "ebb/kernels/elementwise/elementwise.h"
#include "ebb/kernels/reduce/elements.cuh"
#include "ebb/kernels/reduce/reduce.h"
#include "ebb/kernels/reduce/reduce_half.h"

namespace ebb::kernels {
namespace {

/// Op: Add or Mul. `start` is what it leaves as it is.
template <class T, class Op, class Along>
struct Fold : Elements<T, Accumulator<T>, Along> {
  using Value = Accumulator<T>;
  using Raw = Packet<T, Fold::packet>;
  Value* y;
  Value start;

  Fold(const Tensor& x, const ReductionPlan& plan, Value* to, int neutral)
      : Elements<T, Value, Along>(x, plan), y(to), start(static_cast<Value>(neutral)) {}

  __device__ Value identity() const { return start; }
  __device__ Value value(const Raw& raw, int k, std::int64_t) const { return static_cast<Value>(raw.element[k]); }
  __device__ Value combine(Value a, Value b) const { return Op()(a, b); }
  __device__ void store(std::int64_t output, Value value) const { y[output] = value; }
};

template <class Op>
void fold(CudaContext& context, const Tensor& x, const Dims& dims, int start, Tensor& y) {
  if (y.numel() == 0) return;
  const Walkable walk(context, x, dims, y);
  const ReductionPlan& plan = walk.plan;
  if (plan.reduced.numel == 0) return fill(context, start, y);
  visit_number(x.dtype(), [&]<class T>() {
    visit_steps(plan, [&]<class Along>() {
      const Fold<T, Op, Along> reduction(walk.x, plan, y.data<Accumulator<T>>(), start);
      reduce(context, reduction, plan.reduced.numel, plan.kept.numel, order_of(plan));
    });
  });
}

}  // namespace

void sum(CudaContext& context, const Tensor& x, const Dims& dims, Tensor& y) {
  if (have_half(x)) return sum_of_half(context, x, dims, y);
  fold<Add>(context, x, dims, 0, y);
}

void prod(CudaContext& context, const Tensor& x, const Dims& dims, Tensor& y) {
  if (have_half(x)) return prod_of_half(context, x, dims, y);
  fold<Mul>(context, x, dims, 1, y);
}

}  // namespace ebb::kernels
