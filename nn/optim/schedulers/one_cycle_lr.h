#pragma once

#include <string>

#include "ebb/nn/optim/schedulers/lr_scheduler.h"

namespace ebb::optim {

struct OneCycleLROptions {
  std::vector<double> max_lr;  ///< one for all groups, or one each
  std::int64_t total_steps;
  double pct_start = 0.3;               ///< share of the steps in which the rate rises
  std::string anneal_strategy = "cos";  ///< or "linear"
  bool cycle_momentum = true;           ///< the momentum, or the first of the betas, falls while the rate rises
  std::vector<double> base_momentum{0.85}, max_momentum{0.95};
  double div_factor = 25;         ///< the first rate is max_lr divided by it
  double final_div_factor = 1e4;  ///< the last rate is the first divided by it
  bool three_phase = false;       ///< falls to the first rate as long as it rose, then to the last
};

/// One rise to max_lr and one fall; Smith and Topin, arXiv 1708.07120. An Error past total_steps.
class OneCycleLR final : public LRScheduler {
 public:
  OneCycleLR(Optimizer& optimizer, const OneCycleLROptions& options, std::int64_t last_epoch = -1);

 private:
  struct Phase {
    double end_step;
    std::string start_lr, end_lr, start_momentum, end_momentum;  // names of numbers in the groups
  };

  static Optimizer& prepare(Optimizer& optimizer, const OneCycleLROptions& options, std::int64_t last_epoch);
  double get_lr(std::size_t group) override;
  double anneal(std::size_t group, const std::string& start, const std::string& end, double share) const;
  void fields(Archive& archive) override;
  void archive_phases(Archive& archive);

  std::int64_t total_steps_;
  std::vector<Phase> phases_;
  std::string anneal_strategy_;
  bool cycle_momentum_, use_beta1_;
};

}  // namespace ebb::optim
