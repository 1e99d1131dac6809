#include "ebb/nn/layers/padding.h"

#include "ebb/autograd/ops/shape/pad.h"
#include "ebb/nn/repr.h"

namespace ebb::nn {

std::string PadBase::extra_repr() const { return repr(padding); }

Tensor ConstantPad2d::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);
  return pad(x, padding, value.to<double>());
}

std::string ConstantPad2d::extra_repr() const {
  const bool is_real = value.dtype() == kFloat64;
  return "padding=" + repr(padding) +
         ", value=" + (is_real ? repr(value.to<double>()) : std::to_string(value.to<std::int64_t>()));
}

Tensor ZeroPad2d::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);
  return pad(x, padding);
}
Tensor ReflectionPad2d::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);
  return pad(x, padding, PadMode::reflect);
}
Tensor ReplicationPad2d::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);
  return pad(x, padding, PadMode::replicate);
}

}  // namespace ebb::nn
