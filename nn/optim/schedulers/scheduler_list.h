#pragma once

#include "ebb/nn/optim/schedulers/lr_scheduler.h"

namespace ebb::optim {

/// What schedulers made of schedulers have in common. The parts, all of one optimizer, must outlive it.
class SchedulerList : public LRScheduler {
 protected:
  SchedulerList(const char* name, std::vector<LRScheduler*> schedulers);

  LRScheduler& part(std::size_t i) const { return *schedulers_[i]; }
  std::size_t size() const { return schedulers_.size(); }
  void archive_parts(Archive& archive);

 private:
  static Optimizer& optimizer_of(const char* name, const std::vector<LRScheduler*>& schedulers);
  double get_lr(std::size_t group) override;
  void undo() override;

  std::vector<LRScheduler*> schedulers_;
};

/// One scheduler after another: the next takes over, at its own first rate, at each milestone.
///
///     LinearLR warmup(optimizer, {.start_factor = 0.1, .total_iters = 100});
///     CosineAnnealingLR decay(optimizer, {.T_max = 900});
///     SequentialLR scheduler({&warmup, &decay}, {100});
class SequentialLR final : public SchedulerList {
 public:
  SequentialLR(std::vector<LRScheduler*> schedulers, std::vector<std::int64_t> milestones);
  void step() override;

 private:
  std::size_t active() const;
  void fields(Archive& archive) override;

  std::vector<std::int64_t> milestones_;
};

/// All schedulers at once, each going on from the rate that the one before leaves.
class ChainedScheduler final : public SchedulerList {
 public:
  explicit ChainedScheduler(std::vector<LRScheduler*> schedulers);
  void step() override;

 private:
  void fields(Archive& archive) override;
};

}  // namespace ebb::optim
