#pragma once

#include <type_traits>

#include "ebb/kernels/elementwise/elementwise.h"
#include "ebb/kernels/norm/batch_norm.h"

namespace ebb::kernels::composed {

// Whole batch norms made of the parts, on any device; see batch_norm.h for what they compute.

inline Tensor rows_of(const Tensor& image) {
  const std::int64_t channels = image.size(1);
  return image.alias({image.numel() / channels, channels}, {channels, 1}, image.storage_offset());
}

template <class Context>
Tensor computed(Context& context, const UnaryOp& op, const Tensor& x) {
  Tensor y = empty_like(x);
  unary(context, op, x, y);
  return y;
}

template <class Context>
Tensor product(Context& context, const Tensor& a, const Tensor& b) {
  Tensor y = empty_like(a);
  binary(context, Mul{}, a, b, y);
  return y;
}

/// to = 1 / sqrt(var + eps)
template <class Context>
void inverse_deviation(Context& context, const Tensor& var, double eps, Tensor& to) {
  unary(context, Rsqrt{}, computed(context, AddScalar{Immediate(eps)}, var), to);
}

template <class Context>
Tensor converted(Context& context, const Tensor& x, DType dtype) {
  if (x.dtype() == dtype) return x;
  Tensor y = empty_like(x, dtype);
  copy(context, x, y);
  return y;
}

template <class Context>
void move_towards(Context& context, Tensor& running, const Tensor& current, double momentum, double factor) {
  if (!running.defined()) return;
  unary(context, MulScalar{Immediate(1 - momentum)}, running, running);
  const AddScaled added{Immediate(momentum * factor)};
  binary(context, added, running, converted(context, current, running.dtype()), running);
}

template <class Context>
void count(Context& context, RunningStatistics& running) {
  if (running.count.defined()) unary(context, AddScalar{Immediate(1)}, running.count, running.count);
}

/// y = (x - mean) * scale + shift and its tail, of images.
template <class Context>
void apply(Context& context, const Tensor& x, const Tensor& mean, const Tensor& scale, const Tensor& shift,
           const NormTail& tail, Tensor& y) {
  Tensor y_rows = rows_of(y);
  if constexpr (std::is_same_v<Context, CpuContext>) {
    batch_norm_apply(context, rows_of(x), mean, scale, shift, tail, y_rows);
  } else {
    batch_norm_apply(context, rows_of(x), mean, scale, shift, y_rows);
    if (tail.residual.defined()) binary(context, Add{}, y, tail.residual, y);
    if (tail.relu) unary(context, Relu{}, y, y);
  }
}

/// Fills `saved` with the statistics of x and moves the running ones.
template <class Context>
void take_statistics(Context& context, const Tensor& x, double eps, RunningStatistics& running,
                     BatchStatistics& saved) {
  const Tensor rows = rows_of(x);
  const auto n = static_cast<double>(rows.size(0));
  Tensor m2 = empty_like(saved.mean);
  batch_norm_stats(context, rows, saved.mean, m2);
  count(context, running);
  move_towards(context, running.mean, saved.mean, running.momentum, 1);
  move_towards(context, running.var, m2, running.momentum, 1 / (n - 1));
  inverse_deviation(context, computed(context, DivScalar{Immediate(n)}, m2), eps, saved.inverse);
}

template <class Context>
void forward(Context& context, const Tensor& x, const Tensor& scale, const Tensor& shift, double eps,
             const NormTail& tail, RunningStatistics& running, BatchStatistics& saved, Tensor& y) {
  take_statistics(context, x, eps, running, saved);
  apply(context, x, saved.mean, product(context, scale, saved.inverse), shift, tail, y);
}

/// Of dx = factor dy + of_x (x - mean) + constant, whose factor is that of dy in y.
struct InputShares {
  Tensor of_x, constant;
};

/// dx = scale inverse (dy - dshift / n - (x - mean) inverse dscale / n), factor = scale inverse; fills dscale, given
/// dshift and sum_dy_x = sum of dy (x - mean).
template <class Context>
InputShares input_shares(Context& context, std::int64_t n, const BatchStatistics& saved, const Tensor& factor,
                         const Tensor& sum_dy_x, BatchNormGradients& gradients) {
  binary(context, Mul{}, sum_dy_x, saved.inverse, gradients.dscale);
  const Tensor share = computed(context, DivScalar{Immediate(-static_cast<double>(n))}, factor);
  return {product(context, product(context, share, saved.inverse), gradients.dscale),
          product(context, share, gradients.dshift)};
}

template <class Context>
void inference(Context& context, const Tensor& x, const Tensor& mean, const Tensor& var, const Tensor& scale,
               const Tensor& shift, double eps, const NormTail& tail, Tensor& y) {
  Tensor inverse = empty_like(var);
  inverse_deviation(context, var, eps, inverse);
  apply(context, x, mean, product(context, scale, inverse), shift, tail, y);
}

}  // namespace ebb::kernels::composed
