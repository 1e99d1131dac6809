#include "ebb/nn/layers/dropout.h"

#include "ebb/autograd/ops/activation/dropout.h"
#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/nn/repr.h"

namespace ebb::nn {

DropoutBase::DropoutBase(const DropoutOptions& o) : options(o) {
  check(o.p >= 0 && o.p <= 1, "Dropout: p must lie in [0, 1], got ", o.p);
}

std::string DropoutBase::extra_repr() const { return "p=" + repr(options.p) + ", inplace=" + repr(options.inplace); }

Tensor DropoutBase::masked(const Tensor& x, const Shape& shape) const {
  if (!is_training() || options.p == 0) return x;
  const Tensor mask = ebb::dropout(ones(shape, {.dtype = x.dtype(), .device = x.device()}), options.p);
  return options.inplace ? x.mul_(mask) : x * mask;
}

Tensor Dropout::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);

  return options.inplace ? masked(x, x.shape()) : ebb::dropout(x, options.p, is_training());
}

Tensor Dropout2d::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);

  check(x.dim() == 4, "Dropout2d: the input must be (N, C, H, W), got shape ", x.shape());
  return masked(x, {x.size(0), x.size(1), 1, 1});
}

}  // namespace ebb::nn
