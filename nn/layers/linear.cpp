#include "ebb/nn/layers/linear.h"

#include <cmath>

#include "ebb/autograd/ops/linalg/linalg.h"
#include "ebb/nn/init/init.h"
#include "ebb/nn/repr.h"

namespace ebb::nn {

Linear::Linear(const LinearOptions& o)
    : options(o),
      weight(this, "weight", empty({o.out_features, o.in_features})),
      bias(this, "bias", o.bias ? empty({o.out_features}) : Tensor()) {
  reset_parameters();
}

void Linear::reset_parameters() {
  init::kaiming_uniform_(weight, {.a = std::sqrt(5.0)});
  if (bias->defined()) init::uniform_bias_(bias, weight);
}

Tensor Linear::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);
  return ebb::linear(x, weight, bias);
}

std::string Linear::extra_repr() const {
  return "in_features=" + std::to_string(options.in_features) +
         ", out_features=" + std::to_string(options.out_features) + ", bias=" + repr(options.bias);
}

Bilinear::Bilinear(const BilinearOptions& o)
    : options(o),
      weight(this, "weight", empty({o.out_features, o.in1_features, o.in2_features})),
      bias(this, "bias", o.bias ? empty({o.out_features}) : Tensor()) {
  check(o.in1_features > 0, "Bilinear: in1_features must be positive, got ", o.in1_features);
  reset_parameters();
}

void Bilinear::reset_parameters() {
  const double bound = 1 / std::sqrt(static_cast<double>(options.in1_features));
  init::uniform_(weight, -bound, bound);
  if (bias->defined()) init::uniform_(bias, -bound, bound);
}

Tensor Bilinear::operator()(const Tensor& a, const Tensor& b) const { return ebb::bilinear(a, b, weight, bias); }

std::string Bilinear::extra_repr() const {
  const BilinearOptions& o = options;
  return "in1_features=" + std::to_string(o.in1_features) + ", in2_features=" + std::to_string(o.in2_features) +
         ", out_features=" + std::to_string(o.out_features) + ", bias=" + repr(o.bias);
}

}  // namespace ebb::nn
