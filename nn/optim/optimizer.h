#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ebb/core/tensor.h"
#include "ebb/nn/optim/archive.h"

namespace ebb::optim {

/// Moves parameters along their gradients. Holds the tensors themselves, which share with the module's.
class Optimizer {
 public:
  Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;
  virtual ~Optimizer() = default;

  virtual std::string kind() const = 0;  ///< "Adam"
  /// One update of every parameter that has a gradient.
  virtual void step() = 0;
  /// Forgets the gradients.
  void zero_grad();

  /// {"state": {0: {...}}, "param_groups": [{..., "params": [0]}]}, as PyTorch 2.15 has it: parameters are numbered
  /// through all groups. Shares the states' tensors.
  Value state_dict() const;
  /// Takes the options and the states, cast to each parameter's dtype and device, of what state_dict() or PyTorch
  /// saved. An Error, with nothing changed, where the groups or shapes differ. What the dict lacks is PyTorch's
  /// default; numbers may be tensors of one element; states of parameters that are in no group are kept aside.
  void load_state_dict(const Value& dict);
  /// The same, and what takes the optimizer back to what it was before; that cannot fail.
  std::function<void()> load_undoably(const Value& dict);

  virtual std::size_t group_count() const = 0;
  virtual const std::vector<Tensor>& parameters(std::size_t group) const = 0;
  double lr(std::size_t group = 0) const { return const_cast<Optimizer*>(this)->rate(group); }
  void set_lr(double lr, std::size_t group = 0) { rate(group) = lr; }
  /// What schedulers may cycle: the momentum or, of Adam's betas, the first; null for an optimizer that has neither.
  virtual double* momentum(std::size_t /*group*/) { return nullptr; }
  virtual bool has_betas() const { return false; }

  /// Numbers that schedulers keep in a group, such as "initial_lr"; in the state dict beside the group's options.
  std::optional<double> extra(std::size_t group, std::string_view name) const;
  void set_extra(std::size_t group, std::string_view name, double value);

 protected:
  virtual double& rate(std::size_t group) = 0;
  virtual void archive_group(Archive& archive, std::size_t group) = 0;
  virtual void archive_state(Archive& archive, std::size_t group, std::size_t index) = 0;
  /// Back to the default options and no states.
  virtual void reset() = 0;
  /// What takes the options and states back to what they are now. Calling it allocates nothing.
  virtual std::function<void()> make_undo() = 0;
  /// After `params` became the last group.
  void group_was_added();
  /// An Error where an optimizer that has the present groups cannot take these.
  void check_parameters(const std::vector<Tensor>& params) const;
  /// For the replays of a graph: an Error where this optimizer is gone by then, or has other states or parameters.
  std::function<void()> check_unchanged() const;

 private:
  void archive(Archive::Mode mode, const Value& dict);

  void was_changed() { ++*changes_; }

  std::shared_ptr<std::uint64_t> changes_ = std::make_shared<std::uint64_t>(0);
  std::vector<Value> group_frames_;  // see Archive
  std::vector<Value> state_frames_;
  Value orphans_ = Value::dict();  ///< states of no parameter
};

/// As PyTorch prints an optimizer: the options of each group.
std::string to_string(const Optimizer& optimizer);
std::ostream& operator<<(std::ostream& out, const Optimizer& optimizer);

/// Parameters that share their options.
template <class Options>
struct ParamGroup {
  std::vector<Tensor> params;
  Options options;
};

/// What the optimizers have in common: groups, each with options that have an `lr`, and a state for each parameter.
/// Options and State each have a function fields().
template <class Options, class State>
class GroupedOptimizer : public Optimizer {
 public:
  std::size_t group_count() const override { return groups_.size(); }
  const std::vector<Tensor>& parameters(std::size_t group) const override { return groups_.at(group).params; }

  /// To change options; parameters are added by add_param_group.
  std::vector<ParamGroup<Options>>& param_groups() { return groups_; }
  /// Of all parameters, group after group.
  std::vector<State>& state() { return state_; }

  /// More parameters, which no group has yet.
  void add_param_group(ParamGroup<Options> group) {
    check_options(group.options);
    check_parameters(group.params);
    for (const Tensor& p : group.params) state_.push_back(first_state(p, group.options));
    groups_.push_back(std::move(group));
    group_was_added();
  }

 protected:
  explicit GroupedOptimizer(std::vector<ParamGroup<Options>> groups) {
    for (auto& group : groups) add_param_group(std::move(group));
    check(!state_.empty(), "the optimizer got no parameters");
  }

  /// Where the options and the state of a parameter are, which the replays of a graph look for again.
  struct Place {
    GroupedOptimizer* optimizer;
    std::size_t group, index;

    const Options& options() const { return optimizer->groups_.at(group).options; }
    State& state() const { return optimizer->state_.at(index); }
    std::function<void()> check_unchanged() const { return optimizer->check_unchanged(); }
  };

  /// Calls `update(parameter, gradient, place)` for each parameter that has a gradient.
  template <class Update>
  void for_each_gradient(Update&& update) {
    std::size_t index = 0;
    for (std::size_t group = 0; group < groups_.size(); ++group) {
      for (const Tensor& parameter : groups_[group].params) {
        const Place place{this, group, index++};
        if (const Tensor gradient = parameter.grad(); gradient.defined()) update(parameter, gradient, place);
      }
    }
  }

 private:
  double& rate(std::size_t group) override { return groups_.at(group).options.lr; }
  void archive_group(Archive& archive, std::size_t group) override { fields(archive, groups_[group].options); }
  void archive_state(Archive& archive, std::size_t group, std::size_t index) override {
    std::size_t first = 0;
    for (std::size_t g = 0; g < group; ++g) first += groups_[g].params.size();
    fields(archive, state_[index], groups_[group].params[index - first]);
  }
  void reset() override {
    for (auto& group : groups_) group.options = Options{};
    state_.assign(state_.size(), State{});
  }
  std::function<void()> make_undo() override {
    std::vector<Options> options;
    for (const auto& group : groups_) options.push_back(group.options);
    return [this, options = std::move(options), state = state_]() mutable {
      for (std::size_t group = 0; group < groups_.size(); ++group) groups_[group].options = std::move(options[group]);
      state_ = std::move(state);
    };
  }

  std::vector<ParamGroup<Options>> groups_;
  std::vector<State> state_;
};

/// An Error unless `value` is a number that is not negative.
void check_option(const char* optimizer, const char* option, double value);

}  // namespace ebb::optim
