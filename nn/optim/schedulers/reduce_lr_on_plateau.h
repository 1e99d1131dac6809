#pragma once

#include <string>

#include "ebb/nn/optim/schedulers/lr_scheduler.h"

namespace ebb::optim {

struct ReduceLROnPlateauOptions {
  std::string mode = "min";  ///< a lower metric is better; or "max"
  double factor = 0.1;
  std::int64_t patience = 10;          ///< steps without a better metric that are let pass
  double threshold = 1e-4;             ///< how much better counts
  std::string threshold_mode = "rel";  ///< of the best metric; or "abs"
  std::int64_t cooldown = 0;           ///< steps after a reduction that are not counted
  std::vector<double> min_lr{0};       ///< one for all groups, or one each
  double eps = 1e-8;                   ///< a smaller change of the rate is left out
};

/// Times factor when a metric has not become better for a while.
class ReduceLROnPlateau final : public Scheduler {
 public:
  explicit ReduceLROnPlateau(Optimizer& optimizer, const ReduceLROnPlateauOptions& options = {});
  void step(double metric);

 private:
  bool is_better(double metric) const;
  void reduce();
  void fields(Archive& archive) override;

  ReduceLROnPlateauOptions o_;
  std::optional<double> default_min_lr_;
  std::vector<double> min_lrs_;
  double worst_, best_;
  std::int64_t last_epoch_ = 0, cooldown_counter_ = 0, num_bad_epochs_ = 0;
};

}  // namespace ebb::optim
