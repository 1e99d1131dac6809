#pragma once

#include "ebb/nn/optim/optimizer.h"

namespace ebb::optim {

struct SGDOptions {
  double lr = 1e-3;
  double momentum = 0;
  double dampening = 0;     ///< of the gradient, from the second step on
  double weight_decay = 0;  ///< added to the gradient, times the parameter
  bool nesterov = false;
  bool maximize = false;  ///< goes up the gradient instead
};

struct SGDState {
  Tensor momentum_buffer;  ///< undefined before the first step
};

void check_options(const SGDOptions& options);
void fields(Archive& archive, SGDOptions& options);
void fields(Archive& archive, SGDState& state, const Tensor& parameter);
inline SGDState first_state(const Tensor&, const SGDOptions&) { return {}; }

/// Stochastic gradient descent, with momentum as PyTorch has it; Sutskever et al., ICML 2013.
class SGD final : public GroupedOptimizer<SGDOptions, SGDState> {
 public:
  explicit SGD(std::vector<Tensor> params, const SGDOptions& options = {});
  explicit SGD(std::vector<ParamGroup<SGDOptions>> groups);
  std::string kind() const override { return "SGD"; }
  void step() override;
  double* momentum(std::size_t group) override { return &param_groups().at(group).options.momentum; }
};

}  // namespace ebb::optim
