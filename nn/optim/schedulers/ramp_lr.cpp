#include "ebb/nn/optim/schedulers/ramp_lr.h"

#include <algorithm>
#include <cmath>

namespace ebb::optim {

ConstantLR::ConstantLR(Optimizer& optimizer, const ConstantLROptions& options, std::int64_t last_epoch)
    : LRScheduler(optimizer, last_epoch), o_(options) {
  check(o_.factor >= 0 && o_.factor <= 1, "ConstantLR: factor must lie in [0, 1], got ", o_.factor);
  start();
}

double ConstantLR::get_lr(std::size_t group) {
  if (last_epoch() == 0) return lr(group) * o_.factor;
  return last_epoch() == o_.total_iters ? lr(group) * (1 / o_.factor) : lr(group);
}

double ConstantLR::closed_form_lr(std::size_t group) {
  return base_lr(group) * (o_.factor + (last_epoch() >= o_.total_iters ? 1 - o_.factor : 0));
}

void ConstantLR::fields(Archive& archive) {
  archive("factor", o_.factor);
  archive("total_iters", o_.total_iters);
  LRScheduler::fields(archive);
}

LinearLR::LinearLR(Optimizer& optimizer, const LinearLROptions& options, std::int64_t last_epoch)
    : LRScheduler(optimizer, last_epoch), o_(options) {
  check(o_.start_factor > 0 && o_.start_factor <= 1, "LinearLR: start_factor must lie in (0, 1], got ",
        o_.start_factor);
  check(o_.end_factor >= 0 && o_.end_factor <= 1, "LinearLR: end_factor must lie in [0, 1], got ", o_.end_factor);
  start();
}

double LinearLR::get_lr(std::size_t group) {
  if (last_epoch() == 0) return lr(group) * o_.start_factor;
  if (is_initial() || last_epoch() > o_.total_iters) return lr(group);
  const double rise = o_.end_factor - o_.start_factor;
  const double before = static_cast<double>(o_.total_iters) * o_.start_factor;
  return lr(group) * (1 + rise / (before + static_cast<double>(last_epoch() - 1) * rise));
}

double LinearLR::closed_form_lr(std::size_t group) {
  const auto passed = static_cast<double>(std::min(o_.total_iters, last_epoch()));
  return base_lr(group) *
         (o_.start_factor + (o_.end_factor - o_.start_factor) * passed / static_cast<double>(o_.total_iters));
}

void LinearLR::fields(Archive& archive) {
  archive("start_factor", o_.start_factor);
  archive("end_factor", o_.end_factor);
  archive("total_iters", o_.total_iters);
  LRScheduler::fields(archive);
}

PolynomialLR::PolynomialLR(Optimizer& optimizer, const PolynomialLROptions& options, std::int64_t last_epoch)
    : LRScheduler(optimizer, last_epoch), o_(options) {
  check(o_.total_iters > 0, "PolynomialLR: total_iters must be positive, got ", o_.total_iters);
  start();
}

double PolynomialLR::get_lr(std::size_t group) {
  if (is_initial() || last_epoch() > o_.total_iters) return lr(group);
  const auto rest = [&](std::int64_t epoch) {
    return 1 - static_cast<double>(epoch) / static_cast<double>(o_.total_iters);
  };
  return lr(group) * std::pow(rest(last_epoch()) / rest(last_epoch() - 1), o_.power);
}

double PolynomialLR::closed_form_lr(std::size_t group) {
  const auto passed = static_cast<double>(std::min(o_.total_iters, last_epoch()));
  return base_lr(group) * std::pow(1 - passed / static_cast<double>(o_.total_iters), o_.power);
}

void PolynomialLR::fields(Archive& archive) {
  archive("total_iters", o_.total_iters);
  archive("power", o_.power);
  LRScheduler::fields(archive);
}

}  // namespace ebb::optim
