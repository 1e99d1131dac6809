#include "ebb/autograd/ops/index/masked.h"

#include <vector>

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/detail/checks.h"
#include "ebb/autograd/ops/elementwise/compare.h"
#include "ebb/autograd/ops/index/gather.h"
#include "ebb/autograd/ops/shape/shape.h"

namespace ebb {

Tensor masked_fill(const Tensor& x, const Tensor& mask, Scalar value, Site site) {
  const OpScope op("masked_fill", site);
  check(is_floating(x.dtype()) || !is_floating(value.dtype()), "a tensor of ", x.dtype(), " cannot hold a number of ",
        value.dtype());
  return masked_fill(x, mask, full({}, value, {.dtype = x.dtype(), .device = x.device()}));
}

Tensor masked_fill(const Tensor& x, const Tensor& mask, const Tensor& value, Site site) {
  const OpScope op("masked_fill", site);
  check(value.dim() == 0, "the value must be a scalar tensor, got shape ", value.shape());
  return where(mask, value.to(x.dtype()), x);
}

Tensor masked_select(const Tensor& x, const Tensor& mask, Site site) {
  const OpScope op("masked_select", site);
  check(mask.dtype() == kBool, "the mask must be a bool tensor, got ", mask.dtype());
  ops::check_one_device(x, mask);
  const Shape shape = broadcast_shapes(x.shape(), mask.shape());
  const Tensor host = contiguous(mask.detach().to(kCPU).expand(shape));
  const std::span holds(host.data<bool>(), static_cast<std::size_t>(host.numel()));
  std::vector<std::int64_t> places;
  for (std::size_t i = 0; i < holds.size(); ++i) {
    if (holds[i]) places.push_back(static_cast<std::int64_t>(i));
  }
  const Shape count{static_cast<std::int64_t>(places.size())};
  const Tensor index = from_values(std::span<const std::int64_t>(places), count).to(x.device());
  return index_select(x.expand(shape).flatten(), 0, index);
}

}  // namespace ebb
