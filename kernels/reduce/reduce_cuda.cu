#include "ebb/kernels/reduce/reduce.h"

#include <limits>

#include "ebb/core/dispatch.h"
#include "ebb/kernels/cuda/reduce.cuh"
#include "ebb/kernels/cuda/walk.h"
#include "ebb/kernels/elementwise/elementwise.h"
#include "ebb/kernels/reduce/reduction_plan.h"

namespace ebb::kernels {
namespace {

/// Where value i of an output lies: the strided side of every reduction below.
template <class T>
struct Elements {
  const T* x;
  Walk<2> kept;
  Walk<1> reduced;

  Elements(const Tensor& tensor, const ReductionPlan& plan)
      : x(tensor.data<T>()), kept(plan.kept), reduced(plan.reduced) {}

  __device__ T at(std::int64_t i, std::int64_t output) const { return x[kept(output).of[0] + reduced(i).of[0]]; }
};

/// Op: Add or Mul. `start` is what it leaves as it is.
template <class T, class Op>
struct Fold {
  using Value = std::conditional_t<std::is_floating_point_v<T>, T, std::int64_t>;
  Elements<T> elements;
  Value* y;
  Value start;

  __device__ Value identity() const { return start; }
  __device__ Value load(std::int64_t i, std::int64_t output) const {
    return static_cast<Value>(elements.at(i, output));
  }
  __device__ Value combine(Value a, Value b) const { return Op()(a, b); }
  __device__ void store(std::int64_t output, Value value) const { y[elements.kept(output).of[1]] = value; }
};

/// What no element falls short of.
template <Extreme which, class T>
__host__ __device__ constexpr T worst() {
  using Limits = std::numeric_limits<T>;
  if constexpr (Limits::has_infinity) {
    return which == Extreme::max ? -Limits::infinity() : Limits::infinity();
  } else {
    return which == Extreme::max ? Limits::lowest() : Limits::max();
  }
}

template <Extreme which, class T>
__device__ bool beats(T candidate, T best) {
  if (candidate != candidate) return best == best;
  return which == Extreme::max ? candidate > best : candidate < best;
}

template <Extreme which, class T>
struct ExtremeOf {
  using Value = T;
  Elements<T> elements;
  T* y;

  __device__ T identity() const { return worst<which, T>(); }
  __device__ T load(std::int64_t i, std::int64_t output) const { return elements.at(i, output); }
  __device__ T combine(T a, T b) const { return beats<which>(b, a) ? b : a; }
  __device__ void store(std::int64_t output, T value) const { y[elements.kept(output).of[1]] = value; }
};

template <class T>
struct Candidate {
  T value;
  std::int64_t index;
};

template <Extreme which, class T>
struct ArgExtremeOf {
  using Value = Candidate<T>;
  Elements<T> elements;
  std::int64_t* y;

  __device__ Value identity() const { return {worst<which, T>(), std::numeric_limits<std::int64_t>::max()}; }
  __device__ Value load(std::int64_t i, std::int64_t output) const { return {elements.at(i, output), i}; }
  __device__ Value combine(const Value& a, const Value& b) const {
    const bool b_wins = beats<which>(b.value, a.value), a_wins = beats<which>(a.value, b.value);
    if (a_wins != b_wins) return a_wins ? a : b;
    return a.index < b.index ? a : b;
  }
  __device__ void store(std::int64_t output, const Value& value) const { y[elements.kept(output).of[1]] = value.index; }
};

/// Threads follow whichever of the two walks has the smaller steps in x.
ReduceOrder order_of(const ReductionPlan& plan) {
  const bool few_outputs = plan.kept.numel == 1;
  const bool inner = plan.reduced.strides[0][0] <= plan.kept.strides[0][0];
  return few_outputs || inner ? ReduceOrder::count_is_inner : ReduceOrder::output_is_inner;
}

template <template <Extreme, class> class Reduction, class T, class Y>
void reduce_extreme(CudaContext& context, Extreme which, const Tensor& x, const ReductionPlan& plan, Y* y) {
  const Elements<T> elements(x, plan);
  const auto run = [&](const auto& reduction) {
    reduce(context, reduction, plan.reduced.numel, plan.kept.numel, order_of(plan));
  };
  if (which == Extreme::max) {
    run(Reduction<Extreme::max, T>{elements, y});
  } else {
    run(Reduction<Extreme::min, T>{elements, y});
  }
}

template <class Op>
void fold(CudaContext& context, const Tensor& x, const Dims& dims, int start, Tensor& y) {
  if (y.numel() == 0) return;
  const ReductionPlan plan = plan_reduction(x, dims, y);
  if (plan.reduced.numel == 0) return fill(context, start, y);
  visit_number(x.dtype(), [&]<class T>() {
    using Value = typename Fold<T, Op>::Value;
    const Fold<T, Op> reduction{Elements<T>(x, plan), y.data<Value>(), static_cast<Value>(start)};
    reduce(context, reduction, plan.reduced.numel, plan.kept.numel, order_of(plan));
  });
}

}  // namespace

void sum(CudaContext& context, const Tensor& x, const Dims& dims, Tensor& y) { fold<Add>(context, x, dims, 0, y); }

void prod(CudaContext& context, const Tensor& x, const Dims& dims, Tensor& y) { fold<Mul>(context, x, dims, 1, y); }

void extreme(CudaContext& context, Extreme which, const Tensor& x, const Dims& dims, Tensor& y) {
  if (y.numel() == 0) return;
  const ReductionPlan plan = plan_reduction(x, dims, y);
  visit_number(x.dtype(), [&]<class T>() { reduce_extreme<ExtremeOf, T>(context, which, x, plan, y.data<T>()); });
}

void arg_extreme(CudaContext& context, Extreme which, const Tensor& x, int dim, Tensor& y) {
  if (y.numel() == 0) return;
  const ReductionPlan plan = plan_reduction(x, {dim}, y);
  visit_number(x.dtype(),
               [&]<class T>() { reduce_extreme<ArgExtremeOf, T>(context, which, x, plan, y.data<std::int64_t>()); });
}

}  // namespace ebb::kernels
