#include "ebb/autograd/ops/index/sort.h"

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/autograd/record.h"
#include "ebb/kernels/sort/sort.h"

namespace ebb {

using autograd::record;
using autograd::Saved;
using autograd::wrt;

namespace {

/// Of rows (N, n), without a gradient.
ValuesAndIndices sorted_rows(const Tensor& x, bool descending) {
  const TensorOptions options{.dtype = x.dtype(), .device = x.device()};
  Tensor y = empty(x.shape(), options), indices = empty(x.shape(), {.dtype = kInt64, .device = x.device()});
  on_device(x.device(), [&](auto& context) { kernels::sort(context, x, descending, y, indices); });
  return {y, indices};
}

/// Each row of x by the permutation in that row of `order`, or by its inverse; the gradient is the other one.
Tensor permuted(const Tensor& x, const Tensor& order, bool inverse) {
  const OpScope op("permute_rows", Site{});
  Tensor y = empty(x.shape(), {.dtype = x.dtype(), .device = x.device()});
  on_device(x.device(), [&](auto& context) {
    inverse ? kernels::unpermute_rows(context, x, order, y) : kernels::permute_rows(context, x, order, y);
  });
  return record(y, wrt(x, [order = Saved(order), inverse](const Tensor& dy) { return permuted(dy, order, !inverse); }));
}

}  // namespace

ValuesAndIndices sort(const Tensor& x, std::int64_t dim, bool descending, Site site) {
  const OpScope op("sort", site);
  const int d = wrap_dim(dim, x.dim());
  if (x.dim() == 0) return {x.clone(), zeros({}, {.dtype = kInt64, .device = x.device()})};
  const Tensor last = x.transpose(d, -1);
  const std::int64_t n = x.size(d);
  const Tensor rows = last.reshape({n == 0 ? 0 : x.numel() / n, n});
  const ValuesAndIndices sorted = sorted_rows(rows, descending);
  const Tensor y =
      record(sorted.values,
             wrt(rows, [order = Saved(sorted.indices)](const Tensor& dy) { return permuted(dy, order, true); }));
  const auto as_given = [&](const Tensor& t) { return t.reshape(last.shape()).transpose(d, -1); };
  return {as_given(y), as_given(sorted.indices)};
}

Tensor argsort(const Tensor& x, std::int64_t dim, bool descending, Site site) {
  const OpScope op("argsort", site);
  return sort(x.detach(), dim, descending).indices;
}

ValuesAndIndices topk(const Tensor& x, std::int64_t k, std::int64_t dim, bool largest, Site site) {
  const OpScope op("topk", site);
  const int d = wrap_dim(dim, x.dim());
  const std::int64_t n = x.dim() == 0 ? 1 : x.size(d);
  check(k >= 0 && k <= n, "k must lie in [0, ", n, "], the size of dimension ", dim, "; got ", k);
  const auto [values, indices] = sort(x, d, largest);
  if (x.dim() == 0) return {values, indices};
  return {narrow(values, d, 0, k).contiguous(), narrow(indices, d, 0, k).contiguous()};
}

}  // namespace ebb
