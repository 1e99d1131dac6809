#pragma once

#include <array>

#include "ebb/nn/optim/optimizer.h"

namespace ebb::optim {

struct AdamOptions {
  double lr = 1e-3;
  std::array<double, 2> betas{0.9, 0.999};  ///< decay of the two running means
  double eps = 1e-8;
  double weight_decay = 0;              ///< added to the gradient, times the parameter
  bool amsgrad = false;                 ///< scales by the greatest mean square so far; Reddi et al., ICLR 2018
  bool maximize = false;                ///< goes up the gradient instead
  bool decoupled_weight_decay = false;  ///< as AdamW
};

struct AdamWOptions {
  double lr = 1e-3;
  std::array<double, 2> betas{0.9, 0.999};
  double eps = 1e-8;
  double weight_decay = 1e-2;  ///< the parameter shrinks by lr times this
  bool amsgrad = false;
  bool maximize = false;
};

struct AdamState {
  std::int64_t step = 0;
  Tensor exp_avg, exp_avg_sq;  ///< running means of the gradient and of its square; undefined before the first step
  Tensor max_exp_avg_sq;       ///< with amsgrad
};

void check_options(const AdamOptions& options);
void check_options(const AdamWOptions& options);
void fields(Archive& archive, AdamOptions& options);
void fields(Archive& archive, AdamWOptions& options);
void fields(Archive& archive, AdamState& state, const Tensor& parameter);
inline AdamState first_state(const Tensor&, const AdamOptions&) { return {}; }
inline AdamState first_state(const Tensor&, const AdamWOptions&) { return {}; }

/// Kingma and Ba, ICLR 2015.
class Adam final : public GroupedOptimizer<AdamOptions, AdamState> {
 public:
  explicit Adam(std::vector<Tensor> params, const AdamOptions& options = {});
  explicit Adam(std::vector<ParamGroup<AdamOptions>> groups);
  std::string kind() const override { return "Adam"; }
  void step() override;
  double* momentum(std::size_t group) override { return param_groups().at(group).options.betas.data(); }
  bool has_betas() const override { return true; }
};

/// Adam with decoupled weight decay; Loshchilov and Hutter, ICLR 2019.
class AdamW final : public GroupedOptimizer<AdamWOptions, AdamState> {
 public:
  explicit AdamW(std::vector<Tensor> params, const AdamWOptions& options = {});
  explicit AdamW(std::vector<ParamGroup<AdamWOptions>> groups);
  std::string kind() const override { return "AdamW"; }
  void step() override;
  double* momentum(std::size_t group) override { return param_groups().at(group).options.betas.data(); }
  bool has_betas() const override { return true; }
};

}  // namespace ebb::optim
