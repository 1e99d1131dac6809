#include "ebb/nn/optim/schedulers/lr_scheduler.h"

namespace ebb::optim {

using Mode = Archive::Mode;

Value Scheduler::state_dict() const {
  Archive archive(Mode::write, frame_);
  const_cast<Scheduler*>(this)->fields(archive);  // an archive that writes changes no field
  return archive.dict();
}

void Scheduler::load_state_dict(const Value& dict) {
  check(dict.is_dict(), "a scheduler's state dict is a dict, got ", dict.kind_name());
  read(Mode::check, dict);
  const Value before = state_dict();
  try {
    read(Mode::read, dict);
  } catch (...) {
    read(Mode::read, before);
    throw;
  }
}

void Scheduler::read(Mode mode, const Value& dict) {
  Archive archive(mode, dict);
  fields(archive);
  if (mode == Mode::read) frame_ = archive.dict();
}

void Scheduler::note_rates() {
  last_lr_.clear();
  for (std::size_t group = 0; group < optimizer_.group_count(); ++group) last_lr_.push_back(optimizer_.lr(group));
}

LRScheduler::LRScheduler(Optimizer& optimizer, std::int64_t last_epoch)
    : Scheduler(optimizer), last_epoch_(last_epoch) {
  for (std::size_t group = 0; group < optimizer.group_count(); ++group) {
    if (!optimizer.extra(group, "initial_lr")) {
      check(last_epoch == -1, "last_epoch ", last_epoch, " goes on with a training, but parameter group ", group,
            " has no \"initial_lr\"; load the optimizer's state dict first, or leave last_epoch out");
      optimizer.set_extra(group, "initial_lr", optimizer.lr(group));
    }
    base_lrs_.push_back(*optimizer.extra(group, "initial_lr"));
  }
}

void LRScheduler::fields(Archive& archive) {
  archive.of_groups("base_lrs", base_lrs_, optimizer_.group_count());
  archive("last_epoch", last_epoch_);
  archive("_step_count", step_count_);
  archive("_is_initial", is_initial_);
  archive.fixed("_get_lr_called_within_step", false);
  archive.of_groups("_last_lr", last_lr_, optimizer_.group_count());
}

void LRScheduler::start() {
  step_count_ = 0;
  is_initial_ = true;
  step();
  is_initial_ = false;
}

void LRScheduler::step() {
  ++step_count_;
  ++last_epoch_;
  apply();
}

void LRScheduler::set_rates(double (LRScheduler::*rate)(std::size_t group)) {
  check(optimizer_.group_count() == base_lrs_.size(), "the optimizer has ", optimizer_.group_count(),
        " parameter groups, it had ", base_lrs_.size(), " when its scheduler was made; make a new scheduler");
  for (std::size_t group = 0; group < base_lrs_.size(); ++group) optimizer_.set_lr((this->*rate)(group), group);
  note_rates();
}

}  // namespace ebb::optim
