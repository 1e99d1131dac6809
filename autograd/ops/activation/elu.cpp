#include "ebb/autograd/ops/activation/elu.h"

#include "ebb/autograd/ops/detail/activate.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/elementwise/compare.h"
#include "ebb/autograd/ops/elementwise/unary.h"

namespace ebb {

using ops::activate;
using ops::activate_;

/// f' = limit rate exp(rate x) where x <= 0, scale elsewhere; f'' = limit rate^2 exp(rate x) and 0.
static auto curvature_of(const kernels::Elu& f) {
  return
      [f](const Tensor& x) { return where(le(x, 0), exp(clamp(x, {}, 0) * f.rate) * (f.limit * f.rate * f.rate), 0); };
}

static kernels::Elu elu_of(double alpha) { return {.scale = 1, .limit = alpha, .rate = 1}; }

static kernels::Elu celu_of(double alpha) {
  check(alpha != 0, "alpha must not be 0");
  return {.scale = 1, .limit = alpha, .rate = 1 / alpha};
}

static constexpr double selu_scale = 1.0507009873554804934193349852946;
static constexpr kernels::Elu selu_function{
    .scale = selu_scale, .limit = selu_scale * 1.6732632423543772848170429916717, .rate = 1};

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

}  // namespace ebb
