#include "ebb/nn/optim/schedulers/scheduler_list.h"

#include <algorithm>

namespace ebb::optim {

using Mode = Archive::Mode;

Optimizer& SchedulerList::optimizer_of(const char* name, const std::vector<LRScheduler*>& schedulers) {
  check(!schedulers.empty(), name, ": needs at least one scheduler");
  for (const LRScheduler* scheduler : schedulers) {
    check(scheduler != nullptr, name, ": a scheduler is null");
    check(&scheduler->optimizer_ == &schedulers[0]->optimizer_, name, ": all schedulers must have the same optimizer");
  }
  return schedulers[0]->optimizer_;
}

SchedulerList::SchedulerList(const char* name, std::vector<LRScheduler*> schedulers)
    : LRScheduler(optimizer_of(name, schedulers), -1), schedulers_(std::move(schedulers)) {}

double SchedulerList::get_lr(std::size_t) {
  fail("a scheduler made of schedulers can only be the first part of a SequentialLR; use its parts instead");
}

void SchedulerList::undo() {
  for (LRScheduler* scheduler : schedulers_) scheduler->undo();
}

void SchedulerList::archive_parts(Archive& archive) {
  if (archive.is_writing()) {
    Value parts = Value::list();
    for (const LRScheduler* scheduler : schedulers_) parts.append(scheduler->state_dict());
    return archive.write("_schedulers", parts);
  }
  const Value* saved = archive.find("_schedulers");
  if (saved == nullptr) return;
  check(saved->items().size() == size(), "the state dict has ", saved->items().size(), " schedulers, this one has ",
        size());
  for (std::size_t i = 0; i < size(); ++i) schedulers_[i]->read(archive.mode(), saved->items()[i]);
}

SequentialLR::SequentialLR(std::vector<LRScheduler*> schedulers, std::vector<std::int64_t> milestones)
    : SchedulerList("SequentialLR", std::move(schedulers)), milestones_(std::move(milestones)) {
  check(milestones_.size() + 1 == size(), "SequentialLR: needs a milestone between each two schedulers, got ",
        milestones_.size(), " for ", size());
  set_last_epoch(0);
  for (std::size_t group = 0; group < optimizer_.group_count(); ++group) {
    optimizer_.set_lr(*optimizer_.extra(group, "initial_lr"), group);
  }
  for (std::size_t i = 0; i < size(); ++i) part(i).undo();
  part(active()).start();
  last_lr_ = part(active()).get_last_lr();
}

std::size_t SequentialLR::active() const {
  const auto next = std::ranges::upper_bound(milestones_, last_epoch());
  return static_cast<std::size_t>(next - milestones_.begin());
}

void SequentialLR::step() {
  set_last_epoch(last_epoch() + 1);
  const std::size_t i = active();
  if (i > 0 && milestones_[i - 1] == last_epoch()) {
    part(i).restart();
  } else {
    part(i).step();
  }
  last_lr_ = part(i).get_last_lr();
}

void SequentialLR::fields(Archive& archive) {
  if (archive.is_writing()) {
    archive.write("_milestones", Value::list({milestones_.begin(), milestones_.end()}));
  } else if (const Value* saved = archive.find("_milestones")) {
    std::vector<std::int64_t> milestones;
    for (const Value& milestone : saved->items()) milestones.push_back(integer(milestone));
    check(milestones.size() + 1 == size(), "the state dict has ", milestones.size(), " milestones for ", size(),
          " schedulers");
    if (archive.mode() == Mode::read) milestones_ = std::move(milestones);
  }
  std::int64_t epoch = last_epoch();
  archive("last_epoch", epoch);
  set_last_epoch(epoch);
  archive.of_groups("_last_lr", last_lr_, optimizer_.group_count());
  archive_parts(archive);
}

ChainedScheduler::ChainedScheduler(std::vector<LRScheduler*> schedulers)
    : SchedulerList("ChainedScheduler", std::move(schedulers)) {
  note_rates();
}

void ChainedScheduler::step() {
  for (std::size_t i = 0; i < size(); ++i) part(i).step();
  note_rates();
}

void ChainedScheduler::fields(Archive& archive) {
  archive.of_groups("_last_lr", last_lr_, optimizer_.group_count());
  archive_parts(archive);
}

}  // namespace ebb::optim
