#include "ebb/autograd/ops/reduce/prod.h"

#include "ebb/autograd/autocast/autocasting.h"
#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/detail/reduced_dims.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/shape/join.h"
#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/autograd/record.h"
#include "ebb/kernels/reduce/reduce.h"

namespace ebb {

using autograd::Autocasting;
using autograd::Precision;

using autograd::record;
using autograd::Saved;
using autograd::wrt;

/// For each element the product of all others along `dim`: right where there are zeros. The halves of x are multiplied
/// with each other; what an element's pair lacks is its partner.
static Tensor product_of_others(const Tensor& x, int dim) {
  const std::int64_t n = x.size(dim), half = (n + 1) / 2;
  if (n <= 1) return ones_like(x);
  const Tensor a = narrow(x, dim, 0, half), rest = narrow(x, dim, half, n - half);
  const Tensor b = n % 2 == 0 ? rest : cat({rest, ones_like(narrow(x, dim, 0, 1))}, dim);
  const Tensor others = product_of_others(a * b, dim);
  return narrow(cat({others * b, others * a}, dim), dim, 0, n);
}

Tensor prod(const Tensor& x, std::optional<std::int64_t> dim, bool keepdim, Site site) {
  if (const Autocasting as(Precision::full, x); as) return prod(as(x), dim, keepdim, site);
  const OpScope op("prod", site);
  const int d = dim ? wrap_dim(*dim, x.dim()) : 0;
  if (!dim && x.dim() != 1) return prod(x.reshape({x.numel()}), 0);
  if (x.dim() == 0) return prod(x.reshape({1}), 0);
  Tensor y = empty(ops::reduced_shape(x.shape(), {d}, true),
                   {.dtype = is_floating(x.dtype()) ? x.dtype() : kInt64, .device = x.device()});
  on_device(x.device(), [&](auto& context) { kernels::prod(context, x, {d}, y); });
  const Tensor product =
      record(y, wrt(x, [x = Saved(x), d](const Tensor& dy) { return dy * product_of_others(x, d); }));
  return ops::without_dims(product, {d}, keepdim);
}

}  // namespace ebb
