#pragma once

#include "ebb/nn/optim/optimizer.h"

namespace ebb::optim {

struct RMSpropOptions {
  double lr = 1e-2;
  double alpha = 0.99;  ///< decay of the running means
  double eps = 1e-8;
  double weight_decay = 0;  ///< added to the gradient, times the parameter
  double momentum = 0;
  bool centered = false;  ///< divides by the deviation of the gradient, not by its size
  bool maximize = false;  ///< goes up the gradient instead
};

struct RMSpropState {
  std::int64_t step = 0;
  Tensor square_avg;       ///< running mean of the gradient's square; undefined before the first step
  Tensor momentum_buffer;  ///< with momentum
  Tensor grad_avg;         ///< where centered
};

void check_options(const RMSpropOptions& options);
void fields(Archive& archive, RMSpropOptions& options);
void fields(Archive& archive, RMSpropState& state, const Tensor& parameter);
inline RMSpropState first_state(const Tensor&, const RMSpropOptions&) { return {}; }

/// Hinton's lecture 6e; centered as in Graves, arXiv 1308.0850.
class RMSprop final : public GroupedOptimizer<RMSpropOptions, RMSpropState> {
 public:
  explicit RMSprop(std::vector<Tensor> params, const RMSpropOptions& options = {});
  explicit RMSprop(std::vector<ParamGroup<RMSpropOptions>> groups);
  std::string kind() const override { return "RMSprop"; }
  void step() override;
  double* momentum(std::size_t group) override { return &param_groups().at(group).options.momentum; }
};

}  // namespace ebb::optim
