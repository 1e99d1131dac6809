#pragma once

#include "ebb/nn/optim/optimizer.h"

namespace ebb::optim {

struct AdagradOptions {
  double lr = 1e-2;
  double lr_decay = 0;      ///< step t has the rate lr / (1 + (t - 1) lr_decay)
  double weight_decay = 0;  ///< added to the gradient, times the parameter
  double initial_accumulator_value = 0;
  double eps = 1e-10;
  bool maximize = false;  ///< goes up the gradient instead
};

struct AdagradState {
  std::int64_t step = 0;
  Tensor sum;  ///< of the gradients' squares
};

void check_options(const AdagradOptions& options);
void fields(Archive& archive, AdagradOptions& options);
void fields(Archive& archive, AdagradState& state, const Tensor& parameter);
AdagradState first_state(const Tensor& parameter, const AdagradOptions& options);

/// Duchi, Hazan and Singer, JMLR 2011.
class Adagrad final : public GroupedOptimizer<AdagradOptions, AdagradState> {
 public:
  explicit Adagrad(std::vector<Tensor> params, const AdagradOptions& options = {});
  explicit Adagrad(std::vector<ParamGroup<AdagradOptions>> groups);
  std::string kind() const override { return "Adagrad"; }
  void step() override;
};

}  // namespace ebb::optim
