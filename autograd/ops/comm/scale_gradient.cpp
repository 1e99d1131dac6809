#include "ebb/autograd/ops/comm/scale_gradient.h"

#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/record.h"

namespace ebb {

Tensor scale_gradient(const Tensor& x, double factor, Site site) {
  const OpScope op("scale_gradient", site);
  const Tensor y = no_grad([&] { return x.clone(); });
  return autograd::record(y, autograd::wrt(x, [factor](const Tensor& dy) { return dy * factor; }));
}

}  // namespace ebb
