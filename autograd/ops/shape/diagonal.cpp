#include "ebb/autograd/ops/shape/diagonal.h"

#include <algorithm>

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/autograd/record.h"

namespace ebb {

using autograd::record;
using autograd::wrt;

namespace {

struct Diagonal {
  std::int64_t offset;
  int rows, columns;  // dimensions
};

Tensor take(const Tensor& x, const Diagonal& d);

/// Zeros of `shape` with `dy` on the diagonal; the transpose of `take`.
Tensor put(const Tensor& dy, const Shape& shape, const Diagonal& d) {
  const OpScope op("diagonal_backward", Site{});
  const Tensor dx = zeros(shape, {.dtype = dy.dtype(), .device = dy.device()});
  no_grad([&] { take(dx, d).copy_(dy); });
  return record(dx, wrt(dy, [d](const Tensor& ddx) { return take(ddx, d); }));
}

Tensor take(const Tensor& x, const Diagonal& d) {
  const std::int64_t offset = std::clamp(d.offset, -x.size(d.rows), x.size(d.columns));
  const std::int64_t down = std::max<std::int64_t>(-offset, 0), right = std::max<std::int64_t>(offset, 0);
  const std::int64_t length = std::min(x.size(d.rows) - down, x.size(d.columns) - right);
  Shape shape = x.shape();
  Strides strides = x.strides();
  for (const int dim : {std::max(d.rows, d.columns), std::min(d.rows, d.columns)}) {
    shape.erase(dim);
    strides.erase(dim);
  }
  shape.push_back(std::max<std::int64_t>(length, 0));
  strides.push_back(x.stride(d.rows) + x.stride(d.columns));
  const std::int64_t start = length > 0 ? down * x.stride(d.rows) + right * x.stride(d.columns) : 0;
  return record(x.alias(shape, strides, x.storage_offset() + start),
                wrt(x, [shape = x.shape(), d](const Tensor& dy) { return put(dy, shape, d); }));
}

}  // namespace

Tensor diagonal(const Tensor& x, std::int64_t offset, std::int64_t dim1, std::int64_t dim2, Site site) {
  const OpScope op("diagonal", site);
  check(x.dim() >= 2, "needs two dimensions at least, got shape ", x.shape());
  const Diagonal d{offset, wrap_dim(dim1, x.dim()), wrap_dim(dim2, x.dim())};
  check(d.rows != d.columns, "the two dimensions must differ, both are ", d.rows);
  return take(x, d);
}

Tensor diag(const Tensor& x, std::int64_t offset, Site site) {
  const OpScope op("diag", site);
  check(x.dim() == 1 || x.dim() == 2, "needs a vector or a matrix, got shape ", x.shape());
  if (x.dim() == 2) return diagonal(x, offset).clone();
  const std::int64_t n = checked_sum(x.size(0), offset < 0 ? checked_product(offset, -1) : offset);
  return put(x, {n, n}, {offset, 0, 1});
}

}  // namespace ebb
