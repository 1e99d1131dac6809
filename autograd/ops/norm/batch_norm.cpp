#include "ebb/autograd/ops/norm/batch_norm.h"

#include <array>

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/detail/channels.h"
#include "ebb/autograd/ops/detail/norm.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/elementwise/unary.h"
#include "ebb/autograd/ops/reduce/reduce.h"
#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/autograd/record.h"
#include "ebb/kernels/norm/batch_norm.h"

namespace ebb {

using autograd::record;
using autograd::Saved;
using autograd::wrt;
using ops::along_channels;
using ops::as_image;
using ops::count_per_channel;
using ops::empty_per_channel;
using ops::other_dims;
using ops::rows_of;
using ops::with_shape;

namespace {

using Gradients = std::array<Tensor, 3>;  // of x, weight and bias

/// The gradients in training, written with differentiable ops.
Gradients composed_backward(const Tensor& dy, const Tensor& x, const Tensor& weight, double eps) {
  const auto n = static_cast<double>(count_per_channel(x));
  const Dims dims = other_dims(x);
  const Tensor centered = x - mean(x, dims, true);
  const Tensor inverse = rsqrt(mean(centered * centered, dims, true) + eps);
  const Tensor normal = centered * inverse;
  const Tensor dbias = sum(dy, dims, true), dweight = sum(dy * normal, dims, true);
  const Tensor dx = (dy - dbias / n - normal * (dweight / n)) * (inverse * along_channels(weight, x));
  return {dx, dweight.reshape(weight.shape()), dbias.reshape(weight.shape())};
}

Gradients fused_backward(const Tensor& gradient, const Tensor& x, const Tensor& weight, const Tensor& mean,
                         const Tensor& inverse) {
  const Tensor rows = rows_of(x), dy = rows_of(as_image(gradient));
  Tensor dx = empty_like(x), dx_rows = rows_of(dx), dbias = empty_per_channel(x), sum_dy_x = empty_per_channel(x);
  on_device(x.device(),
            [&](auto& context) { kernels::batch_norm_backward_sums(context, dy, rows, mean, dbias, sum_dy_x); });
  const Tensor dweight = sum_dy_x * inverse, scale = weight * inverse;
  const Tensor share = scale / -static_cast<double>(count_per_channel(x));
  const Tensor along = share * inverse * dweight, offset = share * dbias;
  on_device(x.device(), [&](auto& context) {
    kernels::batch_norm_backward_apply(context, dy, rows, mean, scale, along, offset, dx_rows);
  });
  return {dx, dweight, dbias};
}

Tensor train(const Tensor& x, const Tensor& running_mean, const Tensor& running_var, const Tensor& weight,
             const Tensor& bias, const BatchNormOptions& o) {
  const auto n = static_cast<double>(count_per_channel(x));
  const Tensor rows = rows_of(x);
  Tensor mean = empty_per_channel(x), m2 = empty_per_channel(x), y = empty_like(x), y_rows = rows_of(y), inverse;
  no_grad([&] {
    on_device(x.device(), [&](auto& context) { kernels::batch_norm_stats(context, rows, mean, m2); });
    if (running_mean.defined()) ops::move_towards(running_mean, mean, o.momentum);
    if (running_var.defined()) ops::move_towards(running_var, m2, o.momentum, 1 / (n - 1));
    inverse = rsqrt(m2 / n + o.eps);
    const Tensor scale = weight * inverse;
    on_device(x.device(), [&](auto& context) { kernels::batch_norm_apply(context, rows, mean, scale, bias, y_rows); });
  });
  return record(y, {x, weight, bias},
                [x = Saved(x), weight = Saved(weight), mean = Saved(mean), inverse = Saved(inverse),
                 eps = o.eps](const Tensor& dy) {
                  return is_grad_enabled() ? composed_backward(dy, x, weight, eps)
                                           : fused_backward(dy, x, weight, mean, inverse);
                });
}

Tensor evaluate(const Tensor& x, const Tensor& mean, const Tensor& var, const Tensor& weight, const Tensor& bias,
                double eps) {
  Tensor y = empty_like(x), y_rows = rows_of(y), inverse;
  no_grad([&] {
    inverse = rsqrt(var + eps).to(x.dtype());
    const Tensor scale = weight * inverse;
    on_device(x.device(),
              [&](auto& context) { kernels::batch_norm_apply(context, rows_of(x), mean, scale, bias, y_rows); });
  });
  return record(
      y,
      wrt(x, [weight = Saved(weight), inverse = Saved(inverse)](
                 const Tensor& dy) { return dy * along_channels(weight.get() * inverse.get(), dy); }),
      wrt(weight, [x = Saved(x), mean = Saved(mean), inverse = Saved(inverse)](
                      const Tensor& dy) { return sum(dy * (x - along_channels(mean, x)), other_dims(x)) * inverse; }),
      wrt(bias, [](const Tensor& dy) { return sum(dy, other_dims(dy)); }));
}

/// Of nothing, whatever the statistics would be: they stay, and weight and bias get gradients of 0.
Tensor normalize_nothing(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  const Tensor y = weight.defined() ? x * sum(weight) : x.clone();
  return bias.defined() ? y + sum(bias) : y;
}

}  // namespace

Tensor batch_norm(const Tensor& x, const Tensor& running_mean, const Tensor& running_var, const Tensor& weight,
                  const Tensor& bias, const BatchNormOptions& options, Site site) {
  const OpScope op("batch_norm", site);
  if (x.numel() == 0 && x.dim() == 1) return normalize_nothing(x, weight, bias);
  ops::check_channels(x, {running_mean, running_var, weight, bias});
  if (x.numel() == 0) return normalize_nothing(x, weight, bias);
  const Tensor image = as_image(x);
  const Tensor w = weight.defined() ? weight : full({x.size(1)}, 1, {.dtype = x.dtype(), .device = x.device()});
  const Tensor b = bias.defined() ? contiguous(bias) : zeros_like(w);
  if (options.training) {
    check(count_per_channel(image) > 1, "more than one value per channel is needed in training, got an input of shape ",
          x.shape(), "; use a larger batch, or eval()");
    return with_shape(train(image, running_mean, running_var, w, b, options), x.shape());
  }
  check(running_mean.defined() && running_var.defined(), "running_mean and running_var are needed outside of training");
  const Tensor mean = contiguous(running_mean.to(x.dtype()));
  return with_shape(evaluate(image, mean, running_var, w, b, options.eps), x.shape());
}

}  // namespace ebb
