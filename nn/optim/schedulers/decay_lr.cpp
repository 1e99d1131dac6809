#include "ebb/nn/optim/schedulers/decay_lr.h"

#include <algorithm>
#include <cmath>

namespace ebb::optim {

StepLR::StepLR(Optimizer& optimizer, const StepLROptions& options, std::int64_t last_epoch)
    : LRScheduler(optimizer, last_epoch), o_(options) {
  check(o_.step_size > 0, "StepLR: step_size must be positive, got ", o_.step_size);
  start();
}

double StepLR::get_lr(std::size_t group) {
  return last_epoch() == 0 || last_epoch() % o_.step_size != 0 ? lr(group) : lr(group) * o_.gamma;
}

double StepLR::closed_form_lr(std::size_t group) {
  return base_lr(group) * std::pow(o_.gamma, static_cast<double>(last_epoch() / o_.step_size));
}

void StepLR::fields(Archive& archive) {
  archive("step_size", o_.step_size);
  archive("gamma", o_.gamma);
  LRScheduler::fields(archive);
}

MultiStepLR::MultiStepLR(Optimizer& optimizer, const MultiStepLROptions& options, std::int64_t last_epoch)
    : LRScheduler(optimizer, last_epoch), gamma_(options.gamma) {
  for (const std::int64_t milestone : options.milestones) {
    const auto place = std::ranges::find(milestones_, milestone, &Milestones::value_type::first);
    if (place == milestones_.end()) {
      milestones_.emplace_back(milestone, 1);
    } else {
      ++place->second;
    }
  }
  start();
}

double MultiStepLR::get_lr(std::size_t group) {
  const auto place = std::ranges::find(milestones_, last_epoch(), &Milestones::value_type::first);
  return place == milestones_.end() ? lr(group) : lr(group) * std::pow(gamma_, static_cast<double>(place->second));
}

double MultiStepLR::closed_form_lr(std::size_t group) {
  std::int64_t passed = 0;
  for (const auto& [milestone, times] : milestones_) passed += milestone <= last_epoch() ? times : 0;
  return base_lr(group) * std::pow(gamma_, static_cast<double>(passed));
}

MultiStepLR::Milestones MultiStepLR::read(const Value& counter) {
  Milestones milestones;
  for (const auto& [milestone, times] : counter.as_dict().entries) {
    milestones.emplace_back(integer(milestone), integer(times));
  }
  return milestones;
}

void MultiStepLR::fields(Archive& archive) {
  if (archive.is_writing()) {
    Value counter = Value::counter();
    for (const auto& [milestone, times] : milestones_) counter.set(milestone, times);
    archive.write("milestones", counter);
  } else if (const Value* saved = archive.find("milestones")) {
    Milestones milestones = read(*saved);
    if (archive.mode() == Archive::Mode::read) milestones_ = std::move(milestones);
  }
  archive("gamma", gamma_);
  LRScheduler::fields(archive);
}

ExponentialLR::ExponentialLR(Optimizer& optimizer, const ExponentialLROptions& options, std::int64_t last_epoch)
    : LRScheduler(optimizer, last_epoch), o_(options) {
  start();
}

double ExponentialLR::get_lr(std::size_t group) { return is_initial() ? lr(group) : lr(group) * o_.gamma; }

double ExponentialLR::closed_form_lr(std::size_t group) {
  return base_lr(group) * std::pow(o_.gamma, static_cast<double>(last_epoch()));
}

void ExponentialLR::fields(Archive& archive) {
  archive("gamma", o_.gamma);
  LRScheduler::fields(archive);
}

/// A place for each function, which is not saved.
static void archive_lambdas(Archive& archive, std::size_t count) {
  archive.fixed("lr_lambdas", Value::list(std::vector<Value>(count)));
}

LambdaLR::LambdaLR(Optimizer& optimizer, LRLambda lambda, std::int64_t last_epoch)
    : LambdaLR(optimizer, std::vector{std::move(lambda)}, last_epoch) {}

LambdaLR::LambdaLR(Optimizer& optimizer, std::vector<LRLambda> lambdas, std::int64_t last_epoch)
    : LRScheduler(optimizer, last_epoch), lambdas_(per_group("LambdaLR: lr_lambda", std::move(lambdas), optimizer)) {
  start();
}

double LambdaLR::get_lr(std::size_t group) { return base_lr(group) * lambdas_.at(group)(last_epoch()); }

void LambdaLR::fields(Archive& archive) {
  LRScheduler::fields(archive);
  archive_lambdas(archive, lambdas_.size());
}

MultiplicativeLR::MultiplicativeLR(Optimizer& optimizer, LRLambda lambda, std::int64_t last_epoch)
    : MultiplicativeLR(optimizer, std::vector{std::move(lambda)}, last_epoch) {}

MultiplicativeLR::MultiplicativeLR(Optimizer& optimizer, std::vector<LRLambda> lambdas, std::int64_t last_epoch)
    : LRScheduler(optimizer, last_epoch),
      lambdas_(per_group("MultiplicativeLR: lr_lambda", std::move(lambdas), optimizer)) {
  start();
}

double MultiplicativeLR::get_lr(std::size_t group) {
  return is_initial() ? lr(group) : lr(group) * lambdas_.at(group)(last_epoch());
}

void MultiplicativeLR::fields(Archive& archive) {
  LRScheduler::fields(archive);
  archive_lambdas(archive, lambdas_.size());
}

}  // namespace ebb::optim
