#include <limits>

#include "ebb/core/dispatch.h"
#include "ebb/kernels/reduce/elements.cuh"
#include "ebb/kernels/reduce/reduce.h"

namespace ebb::kernels {
namespace {

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

template <Extreme which, class T, class Along>
struct ExtremeOf : Elements<T, OpMath<T>, Along> {
  using Value = OpMath<T>;
  using Raw = Packet<T, ExtremeOf::packet>;
  T* y;

  ExtremeOf(const Tensor& x, const ReductionPlan& plan, T* to) : Elements<T, Value, Along>(x, plan), y(to) {}

  __device__ Value identity() const { return worst<which, Value>(); }
  __device__ Value value(const Raw& raw, int k, std::int64_t) const { return widened(raw.element[k]); }
  __device__ Value combine(Value a, Value b) const {
    const bool is_nan = b != b;
    return is_nan || (which == Extreme::max ? b > a : b < a) ? b : a;
  }
  __device__ void store(std::int64_t output, Value value) const { y[output] = rounded<T>(value); }
};

template <class T>
struct Candidate {
  T value;
  std::int64_t index;
};

template <Extreme which, class T, class Along>
struct ArgExtremeOf : Elements<T, Candidate<OpMath<T>>, Along> {
  using Value = Candidate<OpMath<T>>;
  using Raw = Packet<T, ArgExtremeOf::packet>;
  std::int64_t* y;

  ArgExtremeOf(const Tensor& x, const ReductionPlan& plan, std::int64_t* to)
      : Elements<T, Value, Along>(x, plan), y(to) {}

  __device__ Value identity() const { return {worst<which, OpMath<T>>(), std::numeric_limits<std::int64_t>::max()}; }
  __device__ Value value(const Raw& raw, int k, std::int64_t i) const { return {widened(raw.element[k]), i}; }
  __device__ Value combine(const Value& a, const Value& b) const {
    const bool b_wins = beats<which>(b.value, a.value), a_wins = beats<which>(a.value, b.value);
    if (a_wins != b_wins) return a_wins ? a : b;
    return a.index < b.index ? a : b;
  }
  __device__ void store(std::int64_t output, const Value& value) const { y[output] = value.index; }
};

template <template <Extreme, class, class> class Reduction, class T, class Y>
void reduce_extreme(CudaContext& context, Extreme which, const Walkable& walk, Y* y) {
  const ReductionPlan& plan = walk.plan;
  const auto run = [&](const auto& reduction) {
    reduce(context, reduction, plan.reduced.numel, plan.kept.numel, order_of(plan));
  };
  visit_steps(plan, [&]<class Along>() {
    if (which == Extreme::max) {
      run(Reduction<Extreme::max, T, Along>(walk.x, plan, y));
    } else {
      run(Reduction<Extreme::min, T, Along>(walk.x, plan, y));
    }
  });
}

}  // namespace

void extreme(CudaContext& context, Extreme which, const Tensor& x, const Dims& dims, Tensor& y) {
  if (y.numel() == 0) return;
  const Walkable walk(context, x, dims, y);
  visit_any(x.dtype(), [&]<class T>() { reduce_extreme<ExtremeOf, T>(context, which, walk, y.data<T>()); });
}

void arg_extreme(CudaContext& context, Extreme which, const Tensor& x, int dim, Tensor& y) {
  if (y.numel() == 0) return;
  const Walkable walk(context, x, {dim}, y);
  visit_any(x.dtype(),
            [&]<class T>() { reduce_extreme<ArgExtremeOf, T>(context, which, walk, y.data<std::int64_t>()); });
}

}  // namespace ebb::kernels
