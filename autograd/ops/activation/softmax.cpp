#include "ebb/autograd/ops/activation/softmax.h"

#include "ebb/autograd/ops/detail/autocasting.h"
#include "ebb/autograd/ops/detail/checks.h"
#include "ebb/autograd/ops/detail/lines.h"
#include "ebb/autograd/ops/detail/reduced_dims.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/elementwise/compare.h"
#include "ebb/autograd/ops/elementwise/unary.h"
#include "ebb/autograd/ops/reduce/reduce.h"
#include "ebb/autograd/record.h"
#include "ebb/kernels/softmax/softmax.h"

namespace ebb {

using ops::Autocasting;
using ops::Lines;
using ops::Precision;

using autograd::record;
using autograd::Saved;
using autograd::wrt;

using kernels::SoftmaxOf;

namespace {

Tensor gradient(SoftmaxOf what, const Tensor& dy, const Tensor& y, std::int64_t dim) {
  const Lines lines(y, dim);
  const Tensor of_dy = lines.of(dy), of_y = lines.of(y);
  Tensor dx = empty_like(of_y);
  on_device(dx.device(), [&](auto& context) { kernels::softmax_backward(context, what, of_dy, of_y, dx); });
  return lines.undone(dx);
}

Tensor computed(SoftmaxOf what, const Tensor& x, std::int64_t dim) {
  ops::check_floating(x);
  return no_grad([&] {
    const Lines lines(x, dim);
    const Tensor of_x = lines.of(x);
    Tensor y = empty_like(of_x);
    on_device(y.device(), [&](auto& context) { kernels::softmax(context, what, of_x, y); });
    return lines.undone(y);
  });
}

}  // namespace

Tensor softmax(const Tensor& x, std::int64_t dim, Site site) {
  if (const Autocasting as(Precision::full_on_gpu, x); as) return softmax(as(x), dim, site);
  const OpScope op("softmax", site);
  return record(computed(SoftmaxOf::probability, x, dim), wrt(x, [dim](const Tensor& dy, const Tensor& y) {
                  if (!is_grad_enabled()) return gradient(SoftmaxOf::probability, dy, y, dim);
                  const Tensor weighted = dy * y;
                  return weighted - y * sum(weighted, {dim}, true);
                }));
}

Tensor log_softmax(const Tensor& x, std::int64_t dim, Site site) {
  if (const Autocasting as(Precision::full_on_gpu, x); as) return log_softmax(as(x), dim, site);
  const OpScope op("log_softmax", site);
  return record(computed(SoftmaxOf::logarithm, x, dim), wrt(x, [dim](const Tensor& dy, const Tensor& y) {
                  if (!is_grad_enabled()) return gradient(SoftmaxOf::logarithm, dy, y, dim);
                  return dy - exp(y) * sum(dy, {dim}, true);
                }));
}

Tensor logsumexp(const Tensor& x, const Dims& named, bool keepdim, Site site) {
  if (const Autocasting as(Precision::full_on_gpu, x); as) return logsumexp(as(x), named, keepdim, site);
  if (is_half_precision(x.dtype())) return logsumexp(ops::opmath(x), named, keepdim, site).to(x.dtype());
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
