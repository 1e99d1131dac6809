#include "ebb/autograd/ops/activation/gelu.h"

#include <numbers>

#include "ebb/autograd/ops/activation/sigmoid.h"
#include "ebb/autograd/ops/detail/activate.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/elementwise/unary.h"

namespace ebb {

using ops::activate;
using ops::activate_;

/// With the normal density p and its integral P: f' = P + x p, f'' = (2 - x^2) p.
static Tensor curvature_of_gelu(const Tensor& x) {
  return exp(square(x) * -0.5) * (2 - square(x)) * (std::numbers::inv_sqrtpi / std::numbers::sqrt2);
}

/// With t = tanh(u): f' = (1 + t) / 2 + x (1 - t^2) u' / 2.
static Tensor curvature_of_gelu_tanh(const Tensor& x) {
  using F = kernels::GeluTanh;
  const Tensor t = tanh((x + pow(x, 3) * F::cubic) * F::root), du = (square(x) * (3 * F::cubic) + 1) * F::root;
  return (1 - square(t)) * (du + square(x) * (3 * F::cubic * F::root) - x * t * square(du));
}

Tensor gelu(const Tensor& x, GeluApproximation approximate, Site site) {
  const OpScope op("gelu", site);
  if (approximate == GeluApproximation::tanh) return activate(kernels::GeluTanh{}, x, curvature_of_gelu_tanh);
  return activate(kernels::Gelu{}, x, curvature_of_gelu);
}

/// With s = sigmoid(x): f' = s (1 + x (1 - s)).
static Tensor curvature_of_silu(const Tensor& x) {
  const Tensor s = sigmoid(x);
  return s * (1 - s) * (x * (1 - s * 2) + 2);
}

Tensor silu(const Tensor& x, Site site) {
  const OpScope op("silu", site);
  return activate(kernels::Silu{}, x, curvature_of_silu);
}

Tensor silu_(const Tensor& x, Site site) {
  const OpScope op("silu_", site);
  return activate_(kernels::Silu{}, x, curvature_of_silu);
}

/// With s = sigmoid(x), t = tanh(softplus(x)): f' = t + x s (1 - t^2).
static Tensor curvature_of_mish(const Tensor& x) {
  const Tensor s = sigmoid(x), t = tanh(softplus(x));
  return (1 - square(t)) * s * (x * (1 - s - s * t * 2) + 2);
}

Tensor mish(const Tensor& x, Site site) {
  const OpScope op("mish", site);
  return activate(kernels::Mish{}, x, curvature_of_mish);
}

Tensor mish_(const Tensor& x, Site site) {
  const OpScope op("mish_", site);
  return activate_(kernels::Mish{}, x, curvature_of_mish);
}

}  // namespace ebb
