#pragma once

#include "ebb/autograd/ops/shape/convert.h"
#include "ebb/autograd/ops/shape/rearrange.h"
#include "ebb/core/tensor.h"

/// Not installed.
namespace ebb::ops {

/// Tensors of the shape of x as the lines along a dimension, which kernels take. Where x is not contiguous, the
/// dimension is moved last: x in channels-last order is not copied then.
class Lines {
 public:
  Lines(const Tensor& x, std::int64_t dim) : dim_(wrap_dim(dim, x.dim())), moves_(x.dim() > 1 && !x.is_contiguous()) {
    shape_ = moves_ ? movedim(x.detach(), {dim_}, {-1}).shape() : x.shape();
    const int along = moves_ ? x.dim() - 1 : dim_;
    for (int i = 0; i < x.dim(); ++i) lines_[i < along ? 0 : i == along ? 1 : 2] *= shape_[i];
  }

  /// (outer, n, inner), contiguous
  Tensor of(const Tensor& t) const { return contiguous(moves_ ? movedim(t, {dim_}, {-1}) : t).reshape(lines_); }
  Tensor undone(const Tensor& lines) const {
    const Tensor t = lines.reshape(shape_);
    return moves_ ? movedim(t, {-1}, {dim_}) : t;
  }

 private:
  int dim_;
  bool moves_;
  Shape shape_, lines_{1, 1, 1};
};

}  // namespace ebb::ops
