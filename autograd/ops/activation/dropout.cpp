#include "ebb/autograd/ops/activation/dropout.h"

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/detail/checks.h"
#include "ebb/autograd/ops/shape/as_strided.h"
#include "ebb/autograd/record.h"
#include "ebb/kernels/random/dropout.h"

namespace ebb {

using autograd::record;
using autograd::wrt;

/// Linear in x: its gradient is itself, with the mask drawn again from the same counters.
static Tensor masked(const Tensor& input, double p, Philox random, std::uint64_t offset, const Strides& strides) {
  const OpScope op("dropout", Site{});
  const Tensor x = with_strides(input, strides);
  Tensor y = empty_like(x);
  on_device(x.device(), [&](auto& context) { kernels::dropout(context, x, p, random, offset, y); });
  return record(y, wrt(x, [=](const Tensor& dy) { return masked(dy, p, random, offset, strides); }));
}

Tensor dropout(const Tensor& x, double p, bool training, Site site) {
  const OpScope op("dropout", site);
  check(p >= 0 && p <= 1, "p is a probability and must lie in [0, 1], got ", p);
  ops::check_floating(x);
  if (!training || p == 0) return x;
  Generator& generator = default_generator();
  const std::uint64_t offset = generator.reserve(static_cast<std::uint64_t>(x.numel() + 3) / 4);
  return masked(x, p, Philox{generator.seed()}, offset, elementwise_strides(x));
}

}  // namespace ebb
