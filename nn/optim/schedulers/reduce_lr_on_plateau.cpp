#include "ebb/nn/optim/schedulers/reduce_lr_on_plateau.h"

#include <algorithm>
#include <limits>

namespace ebb::optim {

static double worst(const std::string& mode) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  return mode == "min" ? infinity : -infinity;
}

ReduceLROnPlateau::ReduceLROnPlateau(Optimizer& optimizer, const ReduceLROnPlateauOptions& options)
    : Scheduler(optimizer),
      o_(options),
      min_lrs_(per_group("ReduceLROnPlateau: min_lr", options.min_lr, optimizer)),
      worst_(worst(options.mode)),
      best_(worst_) {
  check(o_.factor < 1, "ReduceLROnPlateau: factor must be less than 1, got ", o_.factor);
  check(o_.mode == "min" || o_.mode == "max", "ReduceLROnPlateau: mode must be min or max, got ", o_.mode);
  check(o_.threshold_mode == "rel" || o_.threshold_mode == "abs",
        "ReduceLROnPlateau: threshold_mode must be rel or abs, got ", o_.threshold_mode);
  if (o_.min_lr.size() == 1) default_min_lr_ = o_.min_lr[0];
  note_rates();
}

bool ReduceLROnPlateau::is_better(double metric) const {
  const bool is_relative = o_.threshold_mode == "rel";
  if (o_.mode == "min") return metric < (is_relative ? best_ * (1 - o_.threshold) : best_ - o_.threshold);
  return metric > (is_relative ? best_ * (o_.threshold + 1) : best_ + o_.threshold);
}

void ReduceLROnPlateau::reduce() {
  for (std::size_t group = 0; group < optimizer_.group_count(); ++group) {
    check(group < min_lrs_.size() || default_min_lr_, "ReduceLROnPlateau: parameter group ", group, " has no min_lr");
    const double low = group < min_lrs_.size() ? min_lrs_[group] : *default_min_lr_;
    const double before = optimizer_.lr(group), after = std::max(before * o_.factor, low);
    if (before - after > o_.eps) optimizer_.set_lr(after, group);
  }
}

void ReduceLROnPlateau::step(double metric) {
  ++last_epoch_;
  if (is_better(metric)) {
    best_ = metric;
    num_bad_epochs_ = 0;
  } else {
    ++num_bad_epochs_;
  }
  if (cooldown_counter_ > 0) {
    --cooldown_counter_;
    num_bad_epochs_ = 0;
  }
  if (num_bad_epochs_ > o_.patience) {
    reduce();
    cooldown_counter_ = o_.cooldown;
    num_bad_epochs_ = 0;
  }
  note_rates();
}

void ReduceLROnPlateau::fields(Archive& archive) {
  archive("factor", o_.factor);
  archive("default_min_lr", default_min_lr_, 0);
  archive.of_groups("min_lrs", min_lrs_, optimizer_.group_count(), Value::list(std::vector<Value>(min_lrs_.size(), 0)));
  archive("patience", o_.patience);
  archive("cooldown", o_.cooldown);
  archive("eps", o_.eps);
  archive("last_epoch", last_epoch_);
  archive.of_groups("_last_lr", last_lr_, optimizer_.group_count());
  archive("mode_worse", worst_);
  archive("mode", o_.mode);
  archive("threshold", o_.threshold);
  archive("threshold_mode", o_.threshold_mode);
  archive("best", best_);
  archive("cooldown_counter", cooldown_counter_);
  archive("num_bad_epochs", num_bad_epochs_);
}

}  // namespace ebb::optim
