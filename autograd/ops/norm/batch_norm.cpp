#include "ebb/autograd/ops/norm/batch_norm.h"

#include <array>

#include "ebb/autograd/inference/chain.h"
#include "ebb/autograd/inference_mode.h"
#include "ebb/autograd/ops/activation/rectifier.h"
#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/detail/activate.h"
#include "ebb/autograd/ops/detail/channels.h"
#include "ebb/autograd/ops/detail/compute.h"
#include "ebb/autograd/ops/detail/norm.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/elementwise/unary.h"
#include "ebb/autograd/ops/reduce/reduce.h"
#include "ebb/autograd/ops/shape/shape.h"
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

using Gradients = std::array<Tensor, 4>;  // of x, weight, bias and the residual

/// The gradients in training, written with differentiable ops.
Gradients composed_backward(const Tensor& gradient, const Tensor& input, const Tensor& weight, double eps) {
  const Tensor dy = ops::opmath(gradient), x = ops::opmath(input);
  const auto n = static_cast<double>(count_per_channel(x));
  const Dims dims = other_dims(x);
  const Tensor centered = x - mean(x, dims, true);
  const Tensor inverse = rsqrt(mean(centered * centered, dims, true) + eps);
  const Tensor normal = centered * inverse;
  const Tensor dbias = sum(dy, dims, true), dweight = sum(dy * normal, dims, true);
  const Tensor dx = (dy - dbias / n - normal * (dweight / n)) * (inverse * along_channels(weight, x));
  return {dx.to(input.dtype()), dweight.reshape(weight.shape()), dbias.reshape(weight.shape()), {}};
}

/// What the kernels save, as tensors that closures keep.
struct SavedStatistics {
  explicit SavedStatistics(const kernels::BatchStatistics& batch)
      : mean(batch.mean), inverse(batch.inverse), reserve(batch.reserve) {}

  kernels::BatchStatistics get() const { return {mean, inverse, reserve}; }

  Saved mean, inverse, reserve;
};

/// What becomes of a norm: relu(norm + residual), or nothing.
struct Tail {
  bool relu = false;
  Tensor residual{};  // an image; undefined where there is none

  kernels::NormTail of_kernel() const { return {relu, residual.defined() ? residual.detach() : Tensor()}; }
};

/// What the gradient of a tail needs: the elements of y, which the next layer keeps as well, without its node, which
/// would keep itself.
struct SavedTail {
  SavedTail(const Tail& tail, const Tensor& y, const Tensor& shift)
      : y(tail.relu ? y.detach() : Tensor()),
        shift(tail.relu ? shift.detach() : Tensor()),
        has_residual(tail.residual.defined()),
        residual_wants(has_residual && autograd::wants_grad(tail.residual)) {}

  kernels::NormResult of_kernel() const { return {y, shift, has_residual}; }
  /// What is left of dy below the ReLU.
  Tensor below(const Tensor& dy) const { return y.get().defined() ? ops::relu_backward(dy, y) : dy; }

  Saved y, shift;
  bool has_residual, residual_wants;
};

Gradients fused_backward(const Tensor& gradient, const Tensor& x, const Tensor& weight, const SavedStatistics& saved,
                         const SavedTail& tail, double eps) {
  const Tensor dy = as_image(gradient).detach();
  kernels::BatchNormGradients made{empty_like(x), empty_per_channel(x), empty_per_channel(x),
                                   tail.residual_wants ? empty_like(x) : Tensor()};
  const Tensor scale = contiguous(weight);
  on_device(x.device(), [&](auto& context) {
    kernels::batch_norm_backward(context, dy, x, scale, saved.get(), eps, tail.of_kernel(), made);
  });
  return {made.dx, made.dscale, made.dshift, made.dresidual};
}

Tensor train(const Tensor& x, const Tensor& running_mean, const Tensor& running_var, const Tensor& weight,
             const Tensor& bias, const BatchNormOptions& o, const Tail& tail) {
  kernels::BatchStatistics batch{empty_per_channel(x), empty_per_channel(x), {}};
  kernels::RunningStatistics running{running_mean, running_var, o.momentum, o.num_batches_tracked};
  Tensor y = empty_like(x);
  ops::move_running({running_mean, running_var, o.num_batches_tracked}, [&] {
    const Tensor scale = contiguous(weight);
    on_device(x.device(), [&](auto& context) {
      kernels::batch_norm_forward(context, x.detach(), scale, bias, o.eps, tail.of_kernel(), running, batch, y);
    });
  });
  return record(y, {x, weight, bias, tail.residual},
                [x = Saved(x), weight = Saved(weight), saved = SavedStatistics(batch), tail = SavedTail(tail, y, bias),
                 eps = o.eps](const Tensor& dy) {
                  if (!is_grad_enabled()) return fused_backward(dy, x, weight, saved, tail, eps);
                  const Tensor below = tail.below(dy);
                  Gradients gradients = composed_backward(below, x, weight, eps);
                  if (tail.residual_wants) gradients[3] = below;
                  return gradients;
                });
}

/// See autograd::put_off.
Tensor put_off_evaluation(const Tensor& x, const Tensor& mean, const Tensor& var, const Tensor& weight,
                          const Tensor& bias, double eps, const Tail& tail) {
  if (!is_inference_mode_enabled() || is_grad_enabled() || !x.device().is_cpu()) return {};
  const Tensor scale = rsqrt(var.to(mean.dtype()) + eps) * weight, shift = bias - mean * scale;
  const auto activation = tail.relu ? kernels::Epilogue::Activation::relu : kernels::Epilogue::Activation::none;
  return autograd::put_off(x, {.epilogue = {scale, shift, tail.residual, activation}});
}

Tensor evaluate(const Tensor& x, const Tensor& mean, const Tensor& var, const Tensor& weight, const Tensor& bias,
                double eps, const Tail& tail) {
  if (const Tensor later = put_off_evaluation(x, mean, var, weight, bias, eps, tail); later.defined()) return later;
  Tensor y = empty_like(x), inverse;
  const bool records = is_grad_enabled();
  no_grad([&] {
    const Tensor scale = contiguous(weight), variance = contiguous(var.to(mean.dtype()));
    on_device(x.device(), [&](auto& context) {
      kernels::batch_norm_inference(context, x.detach(), mean, variance, scale, bias, eps, tail.of_kernel(), y);
    });
    if (records) inverse = rsqrt(variance + eps);
  });
  if (!tail.relu) {
    return record(y,
                  wrt(x,
                      [weight = Saved(weight), inverse = Saved(inverse)](const Tensor& dy) {
                        return (dy * along_channels(weight.get() * inverse.get(), dy)).to(dy.dtype());
                      }),
                  wrt(weight,
                      [x = Saved(x), mean = Saved(mean), inverse = Saved(inverse)](const Tensor& dy) {
                        return sum(dy * (x.get() - along_channels(mean, x)), other_dims(x)) * inverse;
                      }),
                  wrt(bias, [](const Tensor& dy) { return sum(ops::opmath(dy), other_dims(dy)); }));
  }
  return record(y, {x, weight, bias, tail.residual},
                [x = Saved(x), weight = Saved(weight), mean = Saved(mean), inverse = Saved(inverse),
                 tail = SavedTail(tail, y, bias)](const Tensor& gradient) {
                  const Tensor dy = tail.below(gradient);
                  const Tensor dweight = sum(dy * (x.get() - along_channels(mean, dy)), other_dims(dy)) * inverse;
                  const Tensor dx = dy * along_channels(weight.get() * inverse.get(), dy);
                  return Gradients{dx.to(dy.dtype()), dweight, sum(ops::opmath(dy), other_dims(dy)),
                                   tail.residual_wants ? dy : Tensor()};
                });
}

/// Of nothing, whatever the statistics would be: they stay, and weight and bias get gradients of 0.
Tensor normalize_nothing(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  const Tensor y = weight.defined() ? x * sum(weight) : x.clone();
  return bias.defined() ? y + sum(bias) : y;
}

Tensor normalize(const Tensor& x, const Tensor& running_mean, const Tensor& running_var, const Tensor& weight,
                 const Tensor& bias, const BatchNormOptions& options, const Tail& tail) {
  ops::check_batch_count(options.num_batches_tracked, x);
  const Tensor image = as_image(x);
  const TensorOptions like{.dtype = opmath_type(x.dtype()), .device = x.device()};
  const Tensor w = weight.defined() ? ops::opmath(weight) : full({x.size(1)}, 1, like);
  const Tensor b = bias.defined() ? contiguous(ops::opmath(bias)) : zeros_like(w);
  if (options.training) {
    check(count_per_channel(image) > 1, "more than one value per channel is needed in training, got an input of shape ",
          x.shape(), "; use a larger batch, or eval()");
    return with_shape(train(image, running_mean, running_var, w, b, options, tail), x.shape());
  }
  check(running_mean.defined() && running_var.defined(), "running_mean and running_var are needed outside of training");
  const Tensor mean = contiguous(running_mean.to(like.dtype));
  return with_shape(evaluate(image, mean, running_var, w, b, options.eps, tail), x.shape());
}

}  // namespace

Tensor batch_norm(const Tensor& x, const Tensor& running_mean, const Tensor& running_var, const Tensor& weight,
                  const Tensor& bias, const BatchNormOptions& options, Site site) {
  const OpScope op("batch_norm", site);
  if (x.numel() == 0 && x.dim() == 1) return normalize_nothing(x, weight, bias);
  ops::check_channels(x, {running_mean, running_var, weight, bias});
  if (x.numel() == 0) return normalize_nothing(x, weight, bias);
  return normalize(x, running_mean, running_var, weight, bias, options, {});
}

Tensor batch_norm_relu(const Tensor& x, const Tensor& running_mean, const Tensor& running_var, const Tensor& weight,
                       const Tensor& bias, const BatchNormOptions& options, const Tensor& residual, Site site) {
  const OpScope op("batch_norm_relu", site);
  ops::check_channels(x, {running_mean, running_var, weight, bias});
  check(!residual.defined() || (residual.shape() == x.shape() && residual.dtype() == x.dtype()),
        "the residual must be like the input, of shape ", x.shape(), " and ", x.dtype(), ", got ",
        residual.defined() ? residual.shape() : Shape(), " and ", residual.defined() ? residual.dtype() : x.dtype());
  if (x.numel() == 0) {
    const Tensor y = normalize_nothing(x, weight, bias);
    return relu(residual.defined() ? y + residual : y);
  }
  const Tail tail{true, residual.defined() ? as_image(residual) : Tensor()};
  return normalize(x, running_mean, running_var, weight, bias, options, tail);
}

}  // namespace ebb
