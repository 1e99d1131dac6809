#include "ebb/nn/optim/schedulers/one_cycle_lr.h"

#include <cmath>
#include <numbers>

namespace ebb::optim {
namespace {

void check_options(Optimizer& optimizer, const OneCycleLROptions& o) {
  check(o.total_steps > 0, "OneCycleLR: total_steps must be positive, got ", o.total_steps);
  check(o.pct_start >= 0 && o.pct_start <= 1, "OneCycleLR: pct_start must lie in [0, 1], got ", o.pct_start);
  check(o.anneal_strategy == "cos" || o.anneal_strategy == "linear",
        "OneCycleLR: anneal_strategy must be cos or linear, got ", o.anneal_strategy);
  const bool has_momentum = optimizer.momentum(0) != nullptr;
  check(!o.cycle_momentum || has_momentum,
        "OneCycleLR: the optimizer has neither momentum nor betas; set cycle_momentum = false");
}

}  // namespace

Optimizer& OneCycleLR::prepare(Optimizer& optimizer, const OneCycleLROptions& o, std::int64_t last_epoch) {
  check_options(optimizer, o);
  const auto max_lr = per_group("OneCycleLR: max_lr", o.max_lr, optimizer);
  const auto base_momentum = per_group("OneCycleLR: base_momentum", o.base_momentum, optimizer);
  const auto max_momentum = per_group("OneCycleLR: max_momentum", o.max_momentum, optimizer);
  for (std::size_t group = 0; group < optimizer.group_count() && last_epoch == -1; ++group) {
    const double initial_lr = max_lr[group] / o.div_factor;
    optimizer.set_extra(group, "initial_lr", initial_lr);
    optimizer.set_extra(group, "max_lr", max_lr[group]);
    optimizer.set_extra(group, "min_lr", initial_lr / o.final_div_factor);
    if (!o.cycle_momentum) continue;
    *optimizer.momentum(group) = max_momentum[group];
    optimizer.set_extra(group, "max_momentum", max_momentum[group]);
    optimizer.set_extra(group, "base_momentum", base_momentum[group]);
  }
  return optimizer;
}

OneCycleLR::OneCycleLR(Optimizer& optimizer, const OneCycleLROptions& o, std::int64_t last_epoch)
    : LRScheduler(prepare(optimizer, o, last_epoch), last_epoch),
      total_steps_(o.total_steps),
      anneal_strategy_(o.anneal_strategy),
      cycle_momentum_(o.cycle_momentum),
      use_beta1_(optimizer.has_betas()) {
  const auto steps = static_cast<double>(total_steps_);
  phases_.push_back({o.pct_start * steps - 1, "initial_lr", "max_lr", "max_momentum", "base_momentum"});
  if (o.three_phase) {
    phases_.push_back({2 * o.pct_start * steps - 2, "max_lr", "initial_lr", "base_momentum", "max_momentum"});
    phases_.push_back({steps - 1, "initial_lr", "min_lr", "max_momentum", "max_momentum"});
  } else {
    phases_.push_back({steps - 1, "max_lr", "min_lr", "base_momentum", "max_momentum"});
  }
  start();
}

double OneCycleLR::anneal(std::size_t group, const std::string& start, const std::string& end, double share) const {
  const auto number = [&](const std::string& name) {
    const auto found = optimizer_.extra(group, name);
    check(found.has_value(), "OneCycleLR: parameter group ", group, " has no \"", name,
          "\"; load the optimizer's state dict, too");
    return *found;
  };
  const double from = number(start), to = number(end);
  if (anneal_strategy_ == "linear") return (to - from) * share + from;
  return to + (from - to) / 2 * (std::cos(std::numbers::pi * share) + 1);
}

double OneCycleLR::get_lr(std::size_t group) {
  check(last_epoch() <= total_steps_, "OneCycleLR: step ", last_epoch(), " of ", total_steps_,
        "; set total_steps to the steps of the whole training");
  const auto step = static_cast<double>(last_epoch());
  double start_step = 0;
  std::size_t i = 0;
  for (; i + 1 < phases_.size() && step > phases_[i].end_step; ++i) start_step = phases_[i].end_step;
  const Phase& phase = phases_[i];
  check(phase.end_step != start_step, "OneCycleLR: phase ", i,
        " takes no step; use more total_steps, or another pct_start");
  const double share = (step - start_step) / (phase.end_step - start_step);
  if (cycle_momentum_) *optimizer_.momentum(group) = anneal(group, phase.start_momentum, phase.end_momentum, share);
  return anneal(group, phase.start_lr, phase.end_lr, share);
}

void OneCycleLR::archive_phases(Archive& archive) {
  const auto phase_fields = [](Archive& a, Phase& phase, const Value& usual_end) {
    a("end_step", phase.end_step, usual_end);
    a("start_lr", phase.start_lr);
    a("end_lr", phase.end_lr);
    a("start_momentum", phase.start_momentum);
    a("end_momentum", phase.end_momentum);
  };
  if (archive.is_writing()) {
    Value list = Value::list();
    for (Phase& phase : phases_) {
      Archive one(Archive::Mode::write, {});
      const bool is_last = &phase == &phases_.back();
      phase_fields(one, phase, is_last ? Value(total_steps_ - 1) : Value());
      list.append(one.dict());
    }
    archive.write("_schedule_phases", list);
  } else if (const Value* saved = archive.find("_schedule_phases")) {
    std::vector<Phase> phases(saved->items().size());
    for (std::size_t i = 0; i < phases.size(); ++i) {
      Archive one(Archive::Mode::read, saved->items()[i]);
      phase_fields(one, phases[i], {});
    }
    check(!phases.empty(), "\"_schedule_phases\" in the state dict is empty");
    if (archive.mode() == Archive::Mode::read) phases_ = std::move(phases);
  }
}

void OneCycleLR::fields(Archive& archive) {
  archive("total_steps", total_steps_);
  archive_phases(archive);
  archive("_anneal_func_type", anneal_strategy_);
  archive("cycle_momentum", cycle_momentum_);
  if (cycle_momentum_) archive("use_beta1", use_beta1_);
  LRScheduler::fields(archive);
}

}  // namespace ebb::optim
