#include "ebb/autograd/ops/norm/batch_norm.h"

#include <array>

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/detail/checks.h"
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

namespace {

/// x as a channels-last image, whose elements are rows of channels; (N, C) stays.
Tensor as_image(const Tensor& x) {
  if (x.dim() == 2) return contiguous(x);
  const Tensor image = x.dim() == 4 ? x : x.reshape({x.size(0), x.size(1), -1, 1});
  return contiguous(image, MemoryFormat::channels_last);
}

Tensor with_shape(const Tensor& image, const Shape& shape) {
  return image.shape() == shape ? image : image.reshape(shape);
}

/// The elements of an image as the kernels want them: (N H W, C). Not recorded.
Tensor rows_of(const Tensor& image) {
  const std::int64_t channels = image.size(1);
  return image.detach().alias({image.numel() / channels, channels}, {channels, 1}, image.storage_offset());
}

std::int64_t count_per_channel(const Tensor& image) { return image.numel() / image.size(1); }

Tensor empty_per_channel(const Tensor& image) {
  return empty({image.size(1)}, {.dtype = image.dtype(), .device = image.device()});
}

/// A tensor (C) so that it multiplies the channels of an image.
Tensor along_channels(const Tensor& t, const Tensor& image) {
  return image.dim() == 2 ? t : t.reshape({1, t.size(0), 1, 1});
}

/// All dimensions but that of the channels.
Dims others(const Tensor& image) { return image.dim() == 2 ? Dims{0} : Dims{0, 2, 3}; }

using Gradients = std::array<Tensor, 3>;  // of x, weight and bias

/// The gradients in training, written with differentiable ops.
Gradients composed_backward(const Tensor& dy, const Tensor& x, const Tensor& weight, double eps) {
  const auto n = static_cast<double>(count_per_channel(x));
  const Dims dims = others(x);
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
                      const Tensor& dy) { return sum(dy * (x - along_channels(mean, x)), others(x)) * inverse; }),
      wrt(bias, [](const Tensor& dy) { return sum(dy, others(dy)); }));
}

void check_arguments(const Tensor& x, std::initializer_list<std::pair<const char*, Tensor>> others) {
  check(x.dim() >= 2, "the input must be (N, C, ...), got shape ", x.shape());
  ops::check_floating(x);
  for (const auto& [name, t] : others) {
    check(!t.defined() || (t.dim() == 1 && t.size(0) == x.size(1)), name, " must be (", x.size(1),
          "), one for each channel of an input of shape ", x.shape(), "; got ", t.defined() ? t.shape() : Shape());
    check(!t.defined() || t.device() == x.device(), name, " must be on ", x.device(), " as the input is, got ",
          t.defined() ? t.device() : x.device());
  }
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
  check_arguments(x,
                  {{"running_mean", running_mean}, {"running_var", running_var}, {"weight", weight}, {"bias", bias}});
  ops::check_dtype("weight", weight, x);
  ops::check_dtype("bias", bias, x);
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
