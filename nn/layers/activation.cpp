#include "ebb/nn/layers/activation.h"

#include "ebb/autograd/ops/activation/elu.h"
#include "ebb/autograd/ops/activation/rectifier.h"
#include "ebb/autograd/ops/activation/sigmoid.h"
#include "ebb/autograd/ops/activation/softmax.h"
#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/elementwise/unary.h"
#include "ebb/nn/repr.h"

namespace ebb::nn {

Tensor ReLU::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);
  return inplace ? ebb::relu_(x) : ebb::relu(x);
}
Tensor ReLU6::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);
  return inplace ? ebb::relu6_(x) : ebb::relu6(x);
}
Tensor SELU::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);
  return inplace ? ebb::selu_(x) : ebb::selu(x);
}
Tensor SiLU::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);
  return inplace ? ebb::silu_(x) : ebb::silu(x);
}
Tensor Mish::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);
  return inplace ? ebb::mish_(x) : ebb::mish(x);
}
Tensor Hardswish::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);
  return inplace ? ebb::hardswish_(x) : ebb::hardswish(x);
}
Tensor Hardsigmoid::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);
  return inplace ? ebb::hardsigmoid_(x) : ebb::hardsigmoid(x);
}
Tensor Sigmoid::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);
  return ebb::sigmoid(x);
}
Tensor Tanh::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);
  return ebb::tanh(x);
}
Tensor LogSigmoid::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);
  return ebb::logsigmoid(x);
}

Tensor LeakyReLU::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);

  return inplace ? ebb::leaky_relu_(x, options.negative_slope) : ebb::leaky_relu(x, options.negative_slope);
}
std::string LeakyReLU::extra_repr() const { return repr_after("negative_slope=" + repr(options.negative_slope)); }

Tensor ELU::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);

  return inplace ? ebb::elu_(x, options.alpha) : ebb::elu(x, options.alpha);
}
std::string ELU::extra_repr() const { return repr_after("alpha=" + repr(options.alpha)); }

Tensor CELU::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);

  return inplace ? ebb::celu_(x, options.alpha) : ebb::celu(x, options.alpha);
}
std::string CELU::extra_repr() const { return repr_after("alpha=" + repr(options.alpha)); }

Hardtanh::Hardtanh(const HardtanhOptions& o) : InplaceActivation(o.inplace), options(o) {
  check(o.max_val > o.min_val, "Hardtanh: max_val must be above min_val, got ", o.max_val, " and ", o.min_val);
}
Tensor Hardtanh::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);

  return inplace ? ebb::hardtanh_(x, options.min_val, options.max_val)
                 : ebb::hardtanh(x, options.min_val, options.max_val);
}
std::string Hardtanh::extra_repr() const {
  return repr_after("min_val=" + repr(options.min_val) + ", max_val=" + repr(options.max_val));
}

Tensor GELU::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);
  return ebb::gelu(x, options.approximate);
}
std::string GELU::extra_repr() const {
  return std::string("approximate='") + (options.approximate == GeluApproximation::none ? "none" : "tanh") + "'";
}

Tensor Softplus::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);
  return ebb::softplus(x, options.beta, options.threshold);
}
std::string Softplus::extra_repr() const {
  return "beta=" + repr(options.beta) + ", threshold=" + repr(options.threshold);
}

PReLU::PReLU(const PReLUOptions& options)
    : options(options), weight(this, "weight", full({options.num_parameters}, options.init)) {}
Tensor PReLU::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);
  return ebb::prelu(x, weight);
}
std::string PReLU::extra_repr() const { return "num_parameters=" + std::to_string(options.num_parameters); }

Tensor Softmax::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);
  return ebb::softmax(x, dim);
}

Tensor LogSoftmax::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);
  return ebb::log_softmax(x, dim);
}

Tensor Softmax2d::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);

  check(x.dim() == 3 || x.dim() == 4, "Softmax2d: the input must be (N, C, H, W) or (C, H, W), got shape ", x.shape());
  return ebb::softmax(x, -3);
}

}  // namespace ebb::nn
