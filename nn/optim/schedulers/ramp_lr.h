#pragma once

#include "ebb/nn/optim/schedulers/lr_scheduler.h"

namespace ebb::optim {

// Schedules between two rates over total_iters steps.

struct ConstantLROptions {
  double factor = 1.0 / 3;
  std::int64_t total_iters = 5;
};

/// Times factor until total_iters, then the whole rate.
class ConstantLR final : public LRScheduler {
 public:
  explicit ConstantLR(Optimizer& optimizer, const ConstantLROptions& options = {}, std::int64_t last_epoch = -1);

 private:
  double get_lr(std::size_t group) override;
  double closed_form_lr(std::size_t group) override;
  void fields(Archive& archive) override;

  ConstantLROptions o_;
};

struct LinearLROptions {
  double start_factor = 1.0 / 3, end_factor = 1;
  std::int64_t total_iters = 5;
};

/// The factor of the rate goes from start_factor to end_factor along a line.
class LinearLR final : public LRScheduler {
 public:
  explicit LinearLR(Optimizer& optimizer, const LinearLROptions& options = {}, std::int64_t last_epoch = -1);

 private:
  double get_lr(std::size_t group) override;
  double closed_form_lr(std::size_t group) override;
  void fields(Archive& archive) override;

  LinearLROptions o_;
};

struct PolynomialLROptions {
  std::int64_t total_iters = 5;
  double power = 1;
};

/// (1 - step / total_iters) ^ power of the rate, so 0 in the end.
class PolynomialLR final : public LRScheduler {
 public:
  explicit PolynomialLR(Optimizer& optimizer, const PolynomialLROptions& options = {}, std::int64_t last_epoch = -1);

 private:
  double get_lr(std::size_t group) override;
  double closed_form_lr(std::size_t group) override;
  void fields(Archive& archive) override;

  PolynomialLROptions o_;
};

}  // namespace ebb::optim
