#include "ebb/nn/optim/schedulers/cosine_lr.h"

#include <cmath>
#include <numbers>

namespace ebb::optim {

/// 1 + cos(pi step / length)
static double turn(std::int64_t step, std::int64_t length) {
  return 1 + std::cos(std::numbers::pi * static_cast<double>(step) / static_cast<double>(length));
}

CosineAnnealingLR::CosineAnnealingLR(Optimizer& optimizer, const CosineAnnealingOptions& options,
                                     std::int64_t last_epoch)
    : LRScheduler(optimizer, last_epoch), o_(options) {
  check(o_.T_max > 0, "CosineAnnealingLR: T_max must be positive, got ", o_.T_max);
  start();
}

double CosineAnnealingLR::get_lr(std::size_t group) {
  if (is_initial()) return lr(group);
  if (step_count() == 1 && last_epoch() > 0) return closed_form_lr(group);
  const bool rises = (last_epoch() - 1 - o_.T_max) % (2 * o_.T_max) == 0;  // from the lowest rate
  if (rises) {
    const double slope = 1 - std::cos(std::numbers::pi / static_cast<double>(o_.T_max));
    return lr(group) + (base_lr(group) - o_.eta_min) * slope / 2;
  }
  return turn(last_epoch(), o_.T_max) / turn(last_epoch() - 1, o_.T_max) * (lr(group) - o_.eta_min) + o_.eta_min;
}

double CosineAnnealingLR::closed_form_lr(std::size_t group) {
  return o_.eta_min + (base_lr(group) - o_.eta_min) * turn(last_epoch(), o_.T_max) / 2;
}

void CosineAnnealingLR::fields(Archive& archive) {
  archive("T_max", o_.T_max);
  archive("eta_min", o_.eta_min);
  LRScheduler::fields(archive);
}

CosineAnnealingWarmRestarts::CosineAnnealingWarmRestarts(Optimizer& optimizer,
                                                         const CosineAnnealingWarmRestartsOptions& options,
                                                         std::int64_t last_epoch)
    : LRScheduler(optimizer, last_epoch), o_(options), length_(options.T_0), position_(last_epoch) {
  check(o_.T_0 > 0, "CosineAnnealingWarmRestarts: T_0 must be positive, got ", o_.T_0);
  check(o_.T_mult >= 1, "CosineAnnealingWarmRestarts: T_mult must be at least 1, got ", o_.T_mult);
  start();
}

void CosineAnnealingWarmRestarts::step() {
  const bool is_first = last_epoch() < 0;
  set_last_epoch(last_epoch() + 1);
  ++position_;
  if (is_first) {
    length_ = o_.T_0;
    position_ = 0;
  } else if (position_ >= length_) {
    position_ %= length_;
    length_ *= o_.T_mult;
  }
  apply();
}

double CosineAnnealingWarmRestarts::get_lr(std::size_t group) {
  return o_.eta_min + (base_lr(group) - o_.eta_min) * turn(position_, length_) / 2;
}

void CosineAnnealingWarmRestarts::fields(Archive& archive) {
  archive("T_0", o_.T_0);
  archive("T_i", length_);
  archive("T_mult", o_.T_mult);
  archive("eta_min", o_.eta_min);
  archive("T_cur", position_);
  LRScheduler::fields(archive);
}

}  // namespace ebb::optim
