#include "ebb/autograd/ops/detail/checks.h"

namespace ebb::ops {

void check_floating(const Tensor& x) {
  check(is_floating(x.dtype()), "needs a floating tensor, got ", x.dtype(), "; convert first: x.to(kFloat32)");
}

void check_one_device(const Tensor& a, const Tensor& b) {
  check(a.device() == b.device(), "both tensors must be on one device, got ", a.device(), " and ", b.device(),
        "; move one with to()");
}

}  // namespace ebb::ops
