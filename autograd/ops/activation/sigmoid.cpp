#include "ebb/autograd/ops/activation/sigmoid.h"

#include "ebb/autograd/autocast/autocasting.h"
#include "ebb/autograd/ops/detail/activate.h"
#include "ebb/autograd/ops/detail/compute.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/elementwise/compare.h"
#include "ebb/autograd/record.h"

namespace ebb {

using autograd::Autocasting;
using autograd::Precision;

using autograd::record;
using autograd::wrt;
using ops::activate;
using ops::compute;
using ops::real;

Tensor sigmoid(const Tensor& x, Site site) {
  const OpScope op("sigmoid", site);
  const Tensor r = real(x);
  return record(compute(kernels::Sigmoid{}, r), wrt(r, [](const Tensor& gradient, const Tensor& out) {
                  const Tensor dy = ops::opmath(gradient), y = ops::opmath(out);
                  return (dy * y * (1 - y)).to(out.dtype());
                }));
}

Tensor tanh(const Tensor& x, Site site) {
  const OpScope op("tanh", site);
  const Tensor r = real(x);
  return record(compute(kernels::Tanh{}, r), wrt(r, [](const Tensor& gradient, const Tensor& out) {
                  const Tensor dy = ops::opmath(gradient), y = ops::opmath(out);
                  return (dy * (1 - y * y)).to(out.dtype());
                }));
}

/// f' = 1 - sigmoid(x)
static Tensor curvature_of_logsigmoid(const Tensor& x) {
  const Tensor s = sigmoid(x);
  return s * (s - 1);
}

Tensor logsigmoid(const Tensor& x, Site site) {
  const OpScope op("logsigmoid", site);
  return activate(kernels::LogSigmoid{}, x, curvature_of_logsigmoid);
}

/// With z = beta x: f' = sigmoid(z), or 1 beyond the threshold.
static auto curvature_of(const kernels::Softplus& f) {
  return [f](const Tensor& x) {
    const Tensor z = x * f.beta, s = sigmoid(z);
    return where(gt(z, f.threshold), 0, s * (1 - s) * f.beta);
  };
}

Tensor softplus(const Tensor& x, double beta, double threshold, Site site) {
  if (const Autocasting as(Precision::full_on_gpu, x); as) return softplus(as(x), beta, threshold, site);
  const OpScope op("softplus", site);
  const kernels::Softplus f{beta, threshold};
  return activate(f, x, curvature_of(f));
}

}  // namespace ebb
