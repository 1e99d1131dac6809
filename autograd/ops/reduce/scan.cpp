#include "ebb/autograd/ops/reduce/scan.h"

#include "ebb/autograd/autocast/autocasting.h"
#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/record.h"
#include "ebb/kernels/scan/scan.h"

namespace ebb {

using autograd::Autocasting;
using autograd::Precision;

using autograd::record;
using autograd::wrt;

/// The gradient of either direction is the other one.
static Tensor cumsum(const Tensor& x, int dim, bool reverse) {
  Tensor y = empty_like(is_floating(x.dtype()) ? x : x.to(kInt64));
  on_device(x.device(), [&](auto& context) { kernels::cumsum(context, x, dim, reverse, y); });
  return record(y, wrt(x, [dim, reverse](const Tensor& dy) { return cumsum(dy, dim, !reverse); }));
}

Tensor cumsum(const Tensor& x, std::int64_t dim, Site site) {
  if (const Autocasting as(Precision::full_on_gpu, x); as) return cumsum(as(x), dim, site);
  const OpScope op("cumsum", site);
  const int d = wrap_dim(dim, x.dim());
  if (x.dim() == 0) return is_floating(x.dtype()) ? x.clone() : x.to(kInt64).clone();
  return cumsum(x, d, false);
}

}  // namespace ebb
