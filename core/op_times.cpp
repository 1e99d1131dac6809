#include "ebb/core/op_times.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "ebb/core/site.h"

namespace ebb {

OpTimes::OpTimes() : outer_(std::exchange(OpScope::times_, this)) {}

OpTimes::~OpTimes() { OpScope::times_ = outer_; }

/// Gives the time since the last change to the op that ran.
void OpTimes::charge() {
  const Clock::time_point now = Clock::now();
  if (!open_.empty()) totals_[open_.back()].seconds += std::chrono::duration<double>(now - since_).count();
  since_ = now;
}

void OpTimes::enter(const char* name) {
  charge();
  open_.push_back(name);
  ++totals_[name].calls;
}

void OpTimes::leave() {
  charge();
  if (!open_.empty()) open_.pop_back();
}

std::vector<OpTimes::Entry> OpTimes::entries() const {
  std::vector<Entry> entries;
  for (const auto& [name, total] : totals_) entries.push_back({name, total.calls, total.seconds});
  std::ranges::sort(entries, std::greater<>(), &Entry::seconds);
  return entries;
}

}  // namespace ebb
