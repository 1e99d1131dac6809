#include "ebb/autograd/ops/activation/rectifier.h"

#include "ebb/autograd/autocast/autocasting.h"
#include "ebb/autograd/inference/chain.h"
#include "ebb/autograd/ops/detail/activate.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/elementwise/compare.h"
#include "ebb/autograd/ops/elementwise/unary.h"
#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/autograd/record.h"

namespace ebb {

using autograd::Autocasting;
using autograd::Precision;

using autograd::record;
using autograd::Saved;
using autograd::wrt;
using ops::activate;
using ops::activate_;
using ops::compute;
using ops::flat;

static const autograd::Step then_relu{.epilogue = {.activation = kernels::Epilogue::Activation::relu}};

Tensor ops::relu_backward(const Tensor& dy, const Tensor& y) {
  const OpScope op("relu_backward", Site{});
  return record(compute(kernels::ReluBackward{}, dy, y),
                wrt(dy, [y = Saved(y.detach())](const Tensor& ddx) { return relu_backward(ddx, y); }));
}

Tensor relu(const Tensor& x, Site site) {
  const OpScope op("relu", site);
  check(x.dtype() != kBool, "is not defined for bool tensors");
  if (const Tensor later = autograd::put_off(x, then_relu); later.defined()) return later;
  return record(compute(kernels::Relu{}, x), wrt(x, ops::relu_backward));
}

Tensor relu_(const Tensor& x, Site site) {
  const OpScope op("relu_", site);
  if (autograd::put_off_in_place(x, then_relu)) return x;
  ops::write_in_place(x, {}, [&](auto& context, Tensor& y) { kernels::unary(context, kernels::Relu{}, x, y); });
  return autograd::record_in_place(x, wrt(x, ops::relu_backward));
}

/// In place, for a gradient that the output tells as well as the input: nothing is kept.
static Tensor activate_by_output_(const kernels::ActivationOp& f, const Tensor& x) {
  ops::write(f, x);
  return autograd::record_in_place(
      x, wrt(x, [f](const Tensor& dy, const Tensor& y) { return ops::activation_backward(f, dy, y, flat); }));
}

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
  if (const Autocasting as(Precision::lower, x); as) return prelu(as(x), as(weight), site);
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

static kernels::Hardtanh limits(double low, double high) {
  check(low <= high, "min_val must not be greater than max_val, got ", low, " and ", high);
  return {low, high};
}

static Tensor limited(const Tensor& x, double low, double high) {
  const kernels::Hardtanh f = limits(low, high);
  if (is_floating(x.dtype())) return activate(f, x, flat);
  check(x.dtype() != kBool, "is not defined for bool tensors");
  return clamp(x, Scalar(low).to<std::int64_t>(), Scalar(high).to<std::int64_t>());
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

/// f' = (2 x + 3) / 6 where |x| < 3
static Tensor curvature_of_hardswish(const Tensor& x) { return lt(abs(x), 3).to(x.dtype()) / 3; }

Tensor hardswish(const Tensor& x, Site site) {
  const OpScope op("hardswish", site);
  return activate(kernels::Hardswish{}, x, curvature_of_hardswish);
}

Tensor hardswish_(const Tensor& x, Site site) {
  const OpScope op("hardswish_", site);
  return activate_(kernels::Hardswish{}, x, curvature_of_hardswish);
}

}  // namespace ebb
