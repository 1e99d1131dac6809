#pragma once

#include "ebb/nn/optim/schedulers/lr_scheduler.h"

namespace ebb::optim {

// Loshchilov and Hutter, ICLR 2017.

struct CosineAnnealingOptions {
  std::int64_t T_max;  ///< steps from the highest rate to the lowest
  double eta_min = 0;  ///< the lowest rate
};

/// Half a cosine from the optimizer's rate down to eta_min over T_max steps, then up again.
class CosineAnnealingLR final : public LRScheduler {
 public:
  CosineAnnealingLR(Optimizer& optimizer, const CosineAnnealingOptions& options, std::int64_t last_epoch = -1);

 private:
  double get_lr(std::size_t group) override;
  double closed_form_lr(std::size_t group) override;
  void fields(Archive& archive) override;

  CosineAnnealingOptions o_;
};

struct CosineAnnealingWarmRestartsOptions {
  std::int64_t T_0;         ///< steps of the first half cosine
  std::int64_t T_mult = 1;  ///< each is so many times as long as the one before
  double eta_min = 0;       ///< the lowest rate
};

/// Half cosines one after another, each from the optimizer's rate down to eta_min.
class CosineAnnealingWarmRestarts final : public LRScheduler {
 public:
  CosineAnnealingWarmRestarts(Optimizer& optimizer, const CosineAnnealingWarmRestartsOptions& options,
                              std::int64_t last_epoch = -1);
  void step() override;

 private:
  double get_lr(std::size_t group) override;
  void fields(Archive& archive) override;

  CosineAnnealingWarmRestartsOptions o_;
  std::int64_t length_, position_;  // of the present half cosine: PyTorch's T_i, T_cur
};

}  // namespace ebb::optim
