#include "ebb/autograd/ops/norm/local_response_norm.h"

#include <algorithm>

#include "ebb/autograd/autocast/autocasting.h"
#include "ebb/autograd/ops/detail/checks.h"
#include "ebb/autograd/ops/detail/compute.h"
#include "ebb/autograd/ops/detail/resample.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"

namespace ebb {

using autograd::Autocasting;
using autograd::Precision;

Tensor local_response_norm(const Tensor& x, const LocalResponseNormOptions& o, Site site) {
  if (const Autocasting as(Precision::full, x); as) return local_response_norm(as(x), o, site);
  const OpScope op("local_response_norm", site);
  ops::check_floating(x);
  check(x.dim() >= 3, "the input must be (N, C, ...) with one more dimension at least, got shape ", x.shape());
  check(o.size > 0, "size must be positive, got ", o.size);
  const std::int64_t channels = x.size(1);
  ops::SparseMatrix neighbours(channels, channels);
  for (std::int64_t c = 0; c < channels; ++c) {
    const std::int64_t first = c - o.size / 2;
    for (std::int64_t k = std::max<std::int64_t>(first, 0); k < std::min(first + o.size, channels); ++k) {
      neighbours.add(k, 1 / static_cast<double>(o.size));
    }
    neighbours.end_row();
  }
  return ops::rounded_once(
      [&](const Tensor& t) { return t / pow(ops::resample(t * t, 1, neighbours) * o.alpha + o.k, o.beta); }, x);
}

}  // namespace ebb
