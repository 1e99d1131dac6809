#include "ebb/nn/models/bilinear_pooling.h"

#include "ebb/autograd/ops.h"

namespace ebb::models {

Tensor BilinearPooling::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);

  check(x.dim() == 4, "BilinearPooling: needs (N, D, H, W), got shape ", x.shape());
  const std::int64_t n = x.size(0), d = x.size(1), pixels = x.size(2) * x.size(3);
  const Tensor rows = x.reshape({n, d, pixels});
  const Tensor y = (bmm(rows, rows.transpose(1, 2)) / pixels).reshape({n, d * d});
  return normalize(sign(y) * sqrt(abs(y) + 1e-5));
}

}  // namespace ebb::models
