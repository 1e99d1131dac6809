#include "ebb/autograd/ops/activation/softmax.h"

#include "ebb/autograd/ops/detail/checks.h"
#include "ebb/autograd/ops/detail/reduced_dims.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/elementwise/compare.h"
#include "ebb/autograd/ops/elementwise/unary.h"
#include "ebb/autograd/ops/reduce/reduce.h"
#include "ebb/autograd/record.h"

namespace ebb {

using autograd::record;
using autograd::Saved;
using autograd::wrt;

/// x - max(x) along `dim`: its exp cannot overflow.
static Tensor shifted(const Tensor& x, std::int64_t dim) {
  ops::check_floating(x);
  wrap_dim(dim, x.dim());
  return x.numel() == 0 ? x : x - amax(x, {dim}, true);
}

Tensor softmax(const Tensor& x, std::int64_t dim, Site site) {
  const OpScope op("softmax", site);
  const Tensor y = no_grad([&] {
    const Tensor e = exp(shifted(x, dim));
    return e / sum(e, {dim}, true);
  });
  return record(y, wrt(x, [dim](const Tensor& dy, const Tensor& out) {
                  const Tensor weighted = dy * out;
                  return weighted - out * sum(weighted, {dim}, true);
                }));
}

Tensor log_softmax(const Tensor& x, std::int64_t dim, Site site) {
  const OpScope op("log_softmax", site);
  const Tensor y = no_grad([&] {
    const Tensor z = shifted(x, dim);
    return z - log(sum(exp(z), {dim}, true));
  });
  return record(y, wrt(x, [dim](const Tensor& dy, const Tensor& out) { return dy - exp(out) * sum(dy, {dim}, true); }));
}

Tensor logsumexp(const Tensor& x, const Dims& named, bool keepdim, Site site) {
  const OpScope op("logsumexp", site);
  const Tensor r = is_floating(x.dtype()) ? x : x.to(kFloat32);
  const Dims dims = ops::resolved(named, x.dim());
  const Tensor y = no_grad([&] {
    if (ops::count_of(r.shape(), dims) == 0) return log(sum(exp(r), dims, true));
    const Tensor greatest = amax(r, dims, true), shift = where(isfinite(greatest), greatest, 0);
    return log(sum(exp(r - shift), dims, true)) + shift;
  });
  const Tensor kept =
      record(y, wrt(r, [r = Saved(r)](const Tensor& dy, const Tensor& out) { return dy * exp(r - out); }));
  return ops::without_dims(kept, dims, keepdim);
}

}  // namespace ebb
