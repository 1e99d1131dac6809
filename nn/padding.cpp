#include "ebb/nn/padding.h"

#include "ebb/autograd/ops/pad.h"
#include "ebb/nn/repr.h"

namespace ebb::nn {

std::string PadBase::extra_repr() const { return repr(padding_); }

Tensor ConstantPad2d::operator()(const Tensor& x) const { return pad(x, padding_, value_.to<double>()); }

std::string ConstantPad2d::extra_repr() const {
  const bool is_real = value_.dtype() == kFloat64;
  return "padding=" + repr(padding_) +
         ", value=" + (is_real ? repr(value_.to<double>()) : std::to_string(value_.to<std::int64_t>()));
}

Tensor ZeroPad2d::operator()(const Tensor& x) const { return pad(x, padding_); }
Tensor ReflectionPad2d::operator()(const Tensor& x) const { return pad(x, padding_, PadMode::reflect); }
Tensor ReplicationPad2d::operator()(const Tensor& x) const { return pad(x, padding_, PadMode::replicate); }

}  // namespace ebb::nn
