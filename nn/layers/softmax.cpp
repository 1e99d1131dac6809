#include "ebb/nn/layers/softmax.h"

#include "ebb/autograd/ops/activation/softmax.h"

namespace ebb::nn {

Tensor Softmax::operator()(const Tensor& x) const { return ebb::softmax(x, dim); }

Tensor LogSoftmax::operator()(const Tensor& x) const { return ebb::log_softmax(x, dim); }

Tensor Softmax2d::operator()(const Tensor& x) const {
  check(x.dim() == 3 || x.dim() == 4, "Softmax2d: the input must be (N, C, H, W) or (C, H, W), got shape ", x.shape());
  return ebb::softmax(x, -3);
}

}  // namespace ebb::nn
