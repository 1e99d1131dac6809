#include <algorithm>
#include <cmath>

#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/create/random.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/elementwise/compare.h"
#include "ebb/autograd/ops/elementwise/unary.h"
#include "ebb/nn/init/init.h"

namespace ebb::nn::init {

static double normal_cdf(double x) { return (1 + std::erf(x / std::sqrt(2.0))) / 2; }

static bool holds_somewhere(const Tensor& mask) { return mask.sum().item<std::int64_t>() > 0; }

// As PyTorch draws them: normal numbers again until they lie in the range, or, where the range holds few of them,
// uniform numbers of the range, each accepted with the probability that the density asks for.
Tensor trunc_normal_(const Tensor& x, double mean, double std, double low, double high) {
  check(low <= high, "trunc_normal_: low must not be above high, got ", low, " and ", high);
  check(std > 0, "trunc_normal_: the standard deviation must be positive, got ", std);
  if (x.device().is_meta() || x.numel() == 0) return x;
  const NoGradGuard no_grad;
  const auto draw = [&] { return empty(x.shape(), {.dtype = x.dtype()}); };
  Tensor result = draw();
  if (normal_cdf((high - mean) / std) - normal_cdf((low - mean) / std) > 0.3) {
    ebb::normal_(result, mean, std);
    const auto outside = [&] { return eq(logical_and(ge(result, low), le(result, high)), false); };
    for (Tensor again = outside(); holds_somewhere(again); again = outside()) {
      result = where(again, ebb::normal_(draw(), mean, std), result);
    }
    return x.copy_(result);
  }
  const double mode = std::max(low, std::min(mean, high));
  const double peak = -0.5 * std::pow((mode - mean) / std, 2);
  ebb::uniform_(result, low, high);
  const auto refused = [&](const Tensor& candidates) {
    const Tensor density = pow((candidates - mean) / std, 2) * -0.5 - peak;
    return gt(log(ebb::uniform_(draw())), density);
  };
  for (Tensor pending = refused(result); holds_somewhere(pending);) {
    const Tensor candidates = ebb::uniform_(draw(), low, high);
    result = where(pending, candidates, result);
    pending = logical_and(pending, refused(candidates));
  }
  return x.copy_(result);
}

}  // namespace ebb::nn::init
