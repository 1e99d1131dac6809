#include "ebb/kernels/loss/loss.h"

#include "ebb/core/dispatch.h"
#include "ebb/kernels/cuda/half.cuh"
#include "ebb/kernels/cuda/reduce.cuh"
#include "ebb/kernels/elementwise/elementwise.cuh"
#include "ebb/kernels/loss/side_by_side.h"

namespace ebb::kernels {
namespace {

/// Neighbours of the input and of the target.
template <class T, int n>
struct PacketPair {
  Packet<T, n> x, t;
};

/// A Reduction (reduce.cuh) of all losses to one number.
template <class T, class Op>
struct LossSum {
  using Value = OpMath<T>;
  using Place = std::int64_t;
  static constexpr int packet = 16 / sizeof(T);
  using Raw = PacketPair<T, packet>;

  Op op;
  const T *x, *t;
  bool packed;
  Value scale;
  T* y;

  __device__ Value identity() const { return 0; }
  __device__ Value combine(Value a, Value b) const { return a + b; }
  __device__ std::int64_t line(std::int64_t) const { return 0; }
  __device__ Place along(std::int64_t, std::int64_t i) const { return i; }
  __device__ Raw along_some(std::int64_t, std::int64_t i, std::int64_t end) const {
    Raw raw{};
#pragma unroll
    for (int k = 0; k < packet; ++k) {
      if (i + k >= end) continue;
      raw.x.element[k] = x[i + k];
      raw.t.element[k] = t[i + k];
    }
    return raw;
  }
  __device__ Raw read(Place i) const { return {load_packet<T, packet>(x + i), load_packet<T, packet>(t + i)}; }
  __device__ Value value(const Raw& raw, int k, std::int64_t) const {
    return op(widened(raw.x.element[k]), widened(raw.t.element[k]));
  }
  __device__ void store(std::int64_t, Value sum) const { *y = rounded<T>(sum * scale); }
};

}  // namespace

void loss(CudaContext& context, const LossOp& op, const Tensor& x, const Tensor& target, Tensor& losses) {
  const auto run = [&](const auto& f) {
    visit_floating(x.dtype(), [&]<class T>() {
      map(context, plan_rows(losses, x, target), for_elements<T>(f), losses.data<T>(), x.data<T>(), target.data<T>());
    });
  };
  std::visit(run, op);
}

void loss_sum(CudaContext& context, const LossOp& op, const Tensor& x, const Tensor& target, double scale, Tensor& y) {
  if (x.numel() == 0) return fill(context, scale * 0, y);
  const SideBySide pair = side_by_side(context, x, target);
  const auto run = [&]<class Op>(const Op& f) {
    visit_floating(x.dtype(), [&]<class T>() {
      using Sum = LossSum<T, Op>;
      const T *a = pair.a.data<T>(), *b = pair.b.data<T>();
      const bool packed = is_aligned<Sum::packet>(a) && is_aligned<Sum::packet>(b);
      const Sum sum{f, a, b, packed, static_cast<OpMath<T>>(scale), y.data<T>()};
      reduce(context, sum, x.numel(), 1, ReduceOrder::count_is_inner);
    });
  };
  std::visit(run, op);
}

void loss_backward(CudaContext& context, const LossOp& op, const Tensor& dy, const Tensor& x, const Tensor& target,
                   double scale, Tensor& dx) {
  const auto run = [&]<class Op>(const Op& f) {
    const LossGradient<Op> gradient{f, scale};
    visit_floating(x.dtype(), [&]<class T>() {
      map(context, plan_rows(dx, dy, x, target), for_elements<T>(gradient), dx.data<T>(), dy.data<T>(), x.data<T>(),
          target.data<T>());
    });
  };
  std::visit(run, op);
}

}  // namespace ebb::kernels
