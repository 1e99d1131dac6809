#pragma once

#include <functional>

#include "ebb/nn/optim/schedulers/lr_scheduler.h"

namespace ebb::optim {

// Schedules that multiply the rate. The last parameter of each, `last_epoch`, is for a training that goes on without
// the scheduler's state dict.

struct StepLROptions {
  std::int64_t step_size;
  double gamma = 0.1;
};

/// Times gamma every step_size steps.
class StepLR final : public LRScheduler {
 public:
  StepLR(Optimizer& optimizer, const StepLROptions& options, std::int64_t last_epoch = -1);

 private:
  double get_lr(std::size_t group) override;
  double closed_form_lr(std::size_t group) override;
  void fields(Archive& archive) override;

  StepLROptions o_;
};

struct MultiStepLROptions {
  std::vector<std::int64_t> milestones;
  double gamma = 0.1;
};

/// Times gamma at each milestone, as often as it is named.
class MultiStepLR final : public LRScheduler {
 public:
  MultiStepLR(Optimizer& optimizer, const MultiStepLROptions& options, std::int64_t last_epoch = -1);

 private:
  using Milestones = std::vector<std::pair<std::int64_t, std::int64_t>>;  // step, times; in the order of their naming

  double get_lr(std::size_t group) override;
  double closed_form_lr(std::size_t group) override;
  void fields(Archive& archive) override;
  static Milestones read(const Value& counter);

  Milestones milestones_;
  double gamma_;
};

struct ExponentialLROptions {
  double gamma;
};

/// Times gamma every step.
class ExponentialLR final : public LRScheduler {
 public:
  ExponentialLR(Optimizer& optimizer, const ExponentialLROptions& options, std::int64_t last_epoch = -1);

 private:
  double get_lr(std::size_t group) override;
  double closed_form_lr(std::size_t group) override;
  void fields(Archive& archive) override;

  ExponentialLROptions o_;
};

using LRLambda = std::function<double(std::int64_t last_epoch)>;

/// The first rate times what a function makes of the step: one for all groups, or one each. Functions are not saved.
class LambdaLR final : public LRScheduler {
 public:
  LambdaLR(Optimizer& optimizer, LRLambda lambda, std::int64_t last_epoch = -1);
  LambdaLR(Optimizer& optimizer, std::vector<LRLambda> lambdas, std::int64_t last_epoch = -1);

 private:
  double get_lr(std::size_t group) override;
  void fields(Archive& archive) override;

  std::vector<LRLambda> lambdas_;
};

/// The rate before times what a function makes of the step; otherwise as LambdaLR.
class MultiplicativeLR final : public LRScheduler {
 public:
  MultiplicativeLR(Optimizer& optimizer, LRLambda lambda, std::int64_t last_epoch = -1);
  MultiplicativeLR(Optimizer& optimizer, std::vector<LRLambda> lambdas, std::int64_t last_epoch = -1);

 private:
  double get_lr(std::size_t group) override;
  void fields(Archive& archive) override;

  std::vector<LRLambda> lambdas_;
};

}  // namespace ebb::optim
