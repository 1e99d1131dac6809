#pragma once

#include <cstdint>
#include <vector>

#include "ebb/nn/optim/optimizer.h"

namespace ebb::optim {

/// Changes an optimizer's learning rates. The optimizer must outlive it.
class Scheduler {
 public:
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;
  virtual ~Scheduler() = default;

  /// Of each group, as step() set them last.
  const std::vector<double>& get_last_lr() const { return last_lr_; }
  /// All but the optimizer, in the layout of PyTorch 2.15.
  Value state_dict() const;
  /// Goes on where what was saved stopped: nothing else has to be said again. The rates are the optimizer's, so load it
  /// too. An Error, with nothing changed, where the dict does not fit.
  void load_state_dict(const Value& dict);

 protected:
  explicit Scheduler(Optimizer& optimizer) : optimizer_(optimizer) {}
  virtual void fields(Archive& archive) = 0;
  void note_rates();

  Optimizer& optimizer_;
  std::vector<double> last_lr_;

 private:
  friend class SchedulerList;
  void read(Archive::Mode mode, const Value& dict);

  Value frame_;  // see Archive
};

/// A scheduler that counts its steps. The recurrences are PyTorch's, so that rates are equal to the last bit.
class LRScheduler : public Scheduler {
 public:
  /// To be called after the optimizer's step.
  virtual void step();
  std::int64_t last_epoch() const { return last_epoch_; }
  const std::vector<double>& base_lrs() const { return base_lrs_; }

 protected:
  /// `last_epoch`: -1, or where the training that the groups' "initial_lr" come from stopped.
  LRScheduler(Optimizer& optimizer, std::int64_t last_epoch);

  /// What makes the first rates: every constructor's last act.
  virtual void start();
  /// The group's rate for last_epoch().
  virtual double get_lr(std::size_t group) = 0;
  /// The same without the rate before, where there is such a formula.
  virtual double closed_form_lr(std::size_t group) { return get_lr(group); }
  void fields(Archive& archive) override;

  double lr(std::size_t group) const { return optimizer_.lr(group); }
  double base_lr(std::size_t group) const { return base_lrs_[group]; }
  bool is_initial() const { return is_initial_; }
  std::int64_t step_count() const { return step_count_; }
  void set_last_epoch(std::int64_t epoch) { last_epoch_ = epoch; }
  /// Sets get_lr of every group.
  void apply() { set_rates(&LRScheduler::get_lr); }

  // For SequentialLR, which takes back the steps that its parts made when they were made.
  virtual void undo() { --last_epoch_; }
  virtual void restart() { last_epoch_ = 0, set_rates(&LRScheduler::closed_form_lr); }

 private:
  friend class SchedulerList;
  friend class SequentialLR;
  void set_rates(double (LRScheduler::*rate)(std::size_t group));

  std::vector<double> base_lrs_;
  std::int64_t last_epoch_, step_count_ = 0;
  bool is_initial_ = false;
};

/// One value for every group, or one each.
template <class T>
std::vector<T> per_group(const char* name, std::vector<T> values, const Optimizer& optimizer) {
  if (values.size() == 1) values.resize(optimizer.group_count(), T(values[0]));
  check(values.size() == optimizer.group_count(), name, " has ", values.size(), " values, the optimizer has ",
        optimizer.group_count(), " parameter groups");
  return values;
}

}  // namespace ebb::optim
