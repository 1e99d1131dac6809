#include "ebb/autograd/ops/activation/activation.h"

#include <numbers>

#include "ebb/autograd/ops/detail/activate.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/elementwise/compare.h"
#include "ebb/autograd/ops/elementwise/unary.h"
#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/autograd/view.h"

namespace ebb {

using autograd::record;
using autograd::Saved;
using autograd::wrt;
using ops::activate;
using ops::activate_;
using ops::flat;

namespace {

// The second derivatives.

auto curvature_of(const kernels::Elu& f) {
  return
      [f](const Tensor& x) { return where(le(x, 0), exp(clamp(x, {}, 0) * f.rate) * (f.limit * f.rate * f.rate), 0); };
}

Tensor curvature_of_gelu(const Tensor& x) {
  return exp(square(x) * -0.5) * (2 - square(x)) * (std::numbers::inv_sqrtpi / std::numbers::sqrt2);
}

Tensor curvature_of_gelu_tanh(const Tensor& x) {
  using F = kernels::GeluTanh;
  const Tensor t = tanh((x + pow(x, 3) * F::cubic) * F::root), du = (square(x) * (3 * F::cubic) + 1) * F::root;
  return (1 - square(t)) * (du + square(x) * (3 * F::cubic * F::root) - x * t * square(du));
}

Tensor curvature_of_silu(const Tensor& x) {
  const Tensor s = sigmoid(x);
  return s * (1 - s) * (x * (1 - s * 2) + 2);
}

Tensor curvature_of_mish(const Tensor& x) {
  const Tensor s = sigmoid(x), t = tanh(softplus(x));
  return (1 - square(t)) * s * (x * (1 - s - s * t * 2) + 2);
}

auto curvature_of(const kernels::Softplus& f) {
  return [f](const Tensor& x) {
    const Tensor z = x * f.beta, s = sigmoid(z);
    return where(gt(z, f.threshold), 0, s * (1 - s) * f.beta);
  };
}

Tensor curvature_of_logsigmoid(const Tensor& x) {
  const Tensor s = sigmoid(x);
  return s * (s - 1);
}

Tensor curvature_of_hardswish(const Tensor& x) { return lt(abs(x), 3).to(x.dtype()) / 3; }

kernels::Elu elu_of(double alpha) { return {.scale = 1, .limit = alpha, .rate = 1}; }

kernels::Elu celu_of(double alpha) {
  check(alpha != 0, "alpha must not be 0");
  return {.scale = 1, .limit = alpha, .rate = 1 / alpha};
}

constexpr double selu_scale = 1.0507009873554804934193349852946;
constexpr kernels::Elu selu_function{
    .scale = selu_scale, .limit = selu_scale * 1.6732632423543772848170429916717, .rate = 1};

kernels::Hardtanh limits(double low, double high) {
  check(low <= high, "min_val must not be greater than max_val, got ", low, " and ", high);
  return {low, high};
}

Tensor limited(const Tensor& x, double low, double high) {
  const kernels::Hardtanh f = limits(low, high);
  if (is_floating(x.dtype())) return activate(f, x, flat);
  check(x.dtype() != kBool, "is not defined for bool tensors");
  return clamp(x, static_cast<std::int64_t>(low), static_cast<std::int64_t>(high));
}

/// In place, for a gradient that the output tells as well as the input: nothing is kept.
Tensor activate_by_output_(const kernels::ActivationOp& f, const Tensor& x) {
  ops::write(f, x);
  return autograd::record_in_place(
      x, wrt(x, [f](const Tensor& dy, const Tensor& y) { return ops::activation_backward(f, dy, y, flat); }));
}

}  // namespace

Tensor leaky_relu(const Tensor& x, double negative_slope, Site site) {
  const OpScope op("leaky_relu", site);
  return activate(kernels::LeakyRelu{negative_slope}, x, flat);
}

Tensor leaky_relu_(const Tensor& x, double negative_slope, Site site) {
  const OpScope op("leaky_relu_", site);
  const kernels::LeakyRelu f{negative_slope};
  return negative_slope >= 0 ? activate_by_output_(f, x) : activate_(f, x, flat);
}

Tensor prelu(const Tensor& x, const Tensor& weight, Site site) {
  const OpScope op("prelu", site);
  check(is_floating(x.dtype()) && weight.dtype() == x.dtype(), "x and weight must be of one floating dtype, got ",
        x.dtype(), " and ", weight.dtype());
  const std::int64_t channels = x.dim() > 1 ? x.size(1) : 1;
  check(weight.dim() <= 1 && (weight.numel() == 1 || (x.dim() > 0 && weight.numel() == channels)),
        "the weight must hold one slope, or one for each of the ", channels, " channels; got shape ", weight.shape());
  Shape along = Dims::filled(x.dim(), 1);
  if (x.dim() > 1) along[1] = weight.numel();
  const Tensor slope = weight.reshape(along);
  const Tensor y = no_grad([&] { return where(gt(x, 0), x, x * slope); });
  return record(
      y, wrt(x, [x = Saved(x), slope = Saved(slope)](const Tensor& dy) { return where(gt(x, 0), dy, dy * slope); }),
      wrt(slope, [x = Saved(x), along](const Tensor& dy) { return sum_to(where(gt(x, 0), 0, dy * x), along); }));
}

Tensor elu(const Tensor& x, double alpha, Site site) {
  const OpScope op("elu", site);
  return activate(elu_of(alpha), x, curvature_of(elu_of(alpha)));
}

Tensor elu_(const Tensor& x, double alpha, Site site) {
  const OpScope op("elu_", site);
  return activate_(elu_of(alpha), x, curvature_of(elu_of(alpha)));
}

Tensor celu(const Tensor& x, double alpha, Site site) {
  const OpScope op("celu", site);
  return activate(celu_of(alpha), x, curvature_of(celu_of(alpha)));
}

Tensor celu_(const Tensor& x, double alpha, Site site) {
  const OpScope op("celu_", site);
  return activate_(celu_of(alpha), x, curvature_of(celu_of(alpha)));
}

Tensor selu(const Tensor& x, Site site) {
  const OpScope op("selu", site);
  return activate(selu_function, x, curvature_of(selu_function));
}

Tensor selu_(const Tensor& x, Site site) {
  const OpScope op("selu_", site);
  return activate_(selu_function, x, curvature_of(selu_function));
}

Tensor gelu(const Tensor& x, GeluApproximation approximate, Site site) {
  const OpScope op("gelu", site);
  if (approximate == GeluApproximation::tanh) return activate(kernels::GeluTanh{}, x, curvature_of_gelu_tanh);
  return activate(kernels::Gelu{}, x, curvature_of_gelu);
}

Tensor silu(const Tensor& x, Site site) {
  const OpScope op("silu", site);
  return activate(kernels::Silu{}, x, curvature_of_silu);
}

Tensor silu_(const Tensor& x, Site site) {
  const OpScope op("silu_", site);
  return activate_(kernels::Silu{}, x, curvature_of_silu);
}

Tensor mish(const Tensor& x, Site site) {
  const OpScope op("mish", site);
  return activate(kernels::Mish{}, x, curvature_of_mish);
}

Tensor mish_(const Tensor& x, Site site) {
  const OpScope op("mish_", site);
  return activate_(kernels::Mish{}, x, curvature_of_mish);
}

Tensor softplus(const Tensor& x, double beta, double threshold, Site site) {
  const OpScope op("softplus", site);
  const kernels::Softplus f{beta, threshold};
  return activate(f, x, curvature_of(f));
}

Tensor logsigmoid(const Tensor& x, Site site) {
  const OpScope op("logsigmoid", site);
  return activate(kernels::LogSigmoid{}, x, curvature_of_logsigmoid);
}

Tensor hardtanh(const Tensor& x, double min_val, double max_val, Site site) {
  const OpScope op("hardtanh", site);
  return limited(x, min_val, max_val);
}

Tensor hardtanh_(const Tensor& x, double min_val, double max_val, Site site) {
  const OpScope op("hardtanh_", site);
  return activate_by_output_(limits(min_val, max_val), x);
}

Tensor relu6(const Tensor& x, Site site) {
  const OpScope op("relu6", site);
  return limited(x, 0, 6);
}

Tensor relu6_(const Tensor& x, Site site) {
  const OpScope op("relu6_", site);
  return activate_by_output_(limits(0, 6), x);
}

Tensor hardsigmoid(const Tensor& x, Site site) {
  const OpScope op("hardsigmoid", site);
  return activate(kernels::Hardsigmoid{}, x, flat);
}

Tensor hardsigmoid_(const Tensor& x, Site site) {
  const OpScope op("hardsigmoid_", site);
  return activate_(kernels::Hardsigmoid{}, x, flat);
}

Tensor hardswish(const Tensor& x, Site site) {
  const OpScope op("hardswish", site);
  return activate(kernels::Hardswish{}, x, curvature_of_hardswish);
}

Tensor hardswish_(const Tensor& x, Site site) {
  const OpScope op("hardswish_", site);
  return activate_(kernels::Hardswish{}, x, curvature_of_hardswish);
}

}  // namespace ebb
