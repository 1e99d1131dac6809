#include "ebb/autograd/gradcheck.h"

#include <cmath>

#include "ebb/autograd/backward.h"
#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/create/random.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"

namespace ebb {
namespace {

using Inputs = std::vector<Tensor>;

Inputs differentiable(const Inputs& inputs) {
  Inputs chosen;
  for (const Tensor& x : inputs) {
    if (!x.defined() || !x.requires_grad()) continue;
    check(x.dtype() == kFloat64, "gradcheck: finite differences need float64, got an input of ", x.dtype());
    chosen.push_back(x);
  }
  check<GraphError>(!chosen.empty(), "gradcheck: no input requires a gradient");
  return chosen;
}

/// Address of element `i`, counted in C order, of a tensor of any strides.
double& element(const Tensor& x, std::int64_t i) {
  std::int64_t offset = 0;
  for (int d = x.dim() - 1; d >= 0; --d) {
    offset += i % x.shape()[d] * x.strides()[d];
    i /= x.shape()[d];
  }
  Tensor writable = x.detach();
  return writable.data<double>()[offset];
}

/// d(f . direction)/d(element) by central differences.
double numeric_slope(const TensorFunction& f, const Inputs& inputs, const Tensor& direction, double& x, double eps) {
  const NoGradGuard no_grad;
  const double at = x;
  const auto value = [&](double moved) {
    x = moved;
    return (f(inputs) * direction).sum().item<double>();
  };
  const double slope = (value(at + eps) - value(at - eps)) / (2 * eps);
  x = at;
  return slope;
}

void compare(const TensorFunction& f, const Inputs& inputs, const Tensor& direction, const GradcheckOptions& o) {
  const Inputs wanted = differentiable(inputs);
  const Tensor y = f(inputs);
  if (!y.requires_grad())
    fail<GraphError>("gradcheck: the output does not depend on an input that requires a gradient");
  const auto gradients = grad(std::span(&y, 1), wanted, std::span(&direction, 1), {.allow_unused = true});
  for (std::size_t k = 0; k < wanted.size(); ++k) {
    const Tensor analytic = gradients[k].defined() ? gradients[k] : zeros_like(wanted[k]);
    check(analytic.shape() == wanted[k].shape(), "gradcheck: input ", k, " has shape ", wanted[k].shape(),
          ", its gradient ", analytic.shape());
    for (std::int64_t i = 0; i < wanted[k].numel(); ++i) {
      const double expected = numeric_slope(f, inputs, direction, element(wanted[k], i), o.eps);
      const double got = element(analytic, i);
      check(std::abs(got - expected) <= o.atol + o.rtol * std::abs(expected), "gradcheck: element ", i, " of input ", k,
            " of shape ", wanted[k].shape(), ": backward gives ", got, ", finite differences ", expected);
    }
  }
}

}  // namespace

bool gradcheck(const TensorFunction& f, const std::vector<Tensor>& inputs, const GradcheckOptions& options) {
  const Tensor y = no_grad([&] { return f(inputs); });
  check(y.dtype() == kFloat64, "gradcheck: the output must be float64, got ", y.dtype());
  const Tensor direction = zeros(y.shape(), {.dtype = kFloat64});
  for (std::int64_t i = 0; i < y.numel(); ++i) {  // one row of the Jacobian after the other
    element(direction, i) = 1;
    compare(f, inputs, direction, options);
    element(direction, i) = 0;
  }
  return true;
}

bool gradgradcheck(const TensorFunction& f, const std::vector<Tensor>& inputs, const GradcheckOptions& options) {
  const std::size_t count = differentiable(inputs).size();
  const Tensor y = no_grad([&] { return f(inputs); });
  Inputs extended = inputs;
  extended.push_back(randn(y.shape(), {.dtype = kFloat64, .requires_grad = true}));
  for (std::size_t k = 0; k < count; ++k) {
    const TensorFunction gradient = [&](std::span<const Tensor> at) {
      const GradMode recording(true);
      const Inputs own(at.begin(), at.end() - 1);
      const Inputs wanted = differentiable(own);
      const Tensor out = f(own);
      return grad(std::span(&out, 1), wanted, at.last(1), {.create_graph = true, .allow_unused = true})[k];
    };
    const Tensor dx = gradient(extended);
    if (!dx.defined() || !dx.requires_grad()) continue;
    compare(gradient, extended, randn(dx.shape(), {.dtype = kFloat64}), options);
  }
  return true;
}

}  // namespace ebb
