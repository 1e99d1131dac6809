#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

#include "ebb/kernels/optim/optim_step.h"

namespace ebb::optim {

/// What a step of an optimizer does to one parameter. A state that is undefined becomes zeros; all get the strides of
/// the parameter, where its elements lie without gaps.
struct Update {
  Tensor parameter, gradient;
  std::array<Tensor*, kernels::max_optim_states> states{};
  std::size_t group = 0;
  kernels::OptimStep step{};

  /// An Error where the gradient is not one of the parameter's.
  void check_gradient() const;
  /// Whether the step goes into a graph; an Error where its states are not ready for that.
  bool is_captured() const;
  /// Whether both can move by one launch.
  bool goes_with(const Update& other) const;
};

/// Moves all, which go together, by their step, in one pass over memory. Not recorded.
void take(std::span<Update> updates);
/// The same in a graph, each of whose replays takes the step that `next` gives then.
void capture(std::span<Update> updates, std::function<kernels::OptimStep()> next);

/// The updates of a step. `next(options, state)` gives the step of a parameter, and counts it: now, or in a graph at
/// each replay.
template <class Options, class State, class Place>
class Updates {
 public:
  using Next = kernels::OptimStep (*)(const Options&, State&);
  explicit Updates(Next next) : next_(next) {}

  void add(const Tensor& parameter, const Tensor& gradient, std::initializer_list<Tensor*> states, const Place& place) {
    Update update{.parameter = parameter, .gradient = gradient, .group = place.group};
    std::copy(states.begin(), states.end(), update.states.begin());
    update.check_gradient();
    updates_.push_back(std::move(update));
    places_.push_back(place);
  }

  /// Takes all; those that follow each other and go together, at once.
  void take() {
    std::vector<bool> captured;
    for (std::size_t i = 0; i < updates_.size(); ++i) {
      captured.push_back(updates_[i].is_captured());
      State uncounted = places_[i].state();
      updates_[i].step = next_(places_[i].options(), captured[i] ? uncounted : places_[i].state());
    }
    for (std::size_t begin = 0, end = 0; begin < updates_.size(); begin = end) {
      for (end = begin + 1; end < updates_.size() && updates_[begin].goes_with(updates_[end]);) ++end;
      const std::span<Update> together = std::span(updates_).subspan(begin, end - begin);
      captured[begin] ? capture(together, replayed(begin, end)) : optim::take(together);
    }
  }

 private:
  /// What a replay does with the places from `begin` to before `end`.
  std::function<kernels::OptimStep()> replayed(std::size_t begin, std::size_t end) const {
    const std::vector<Place> places(places_.begin() + static_cast<std::ptrdiff_t>(begin),
                                    places_.begin() + static_cast<std::ptrdiff_t>(end));
    return [next = next_, places, check_unchanged = places[0].check_unchanged()] {
      check_unchanged();
      kernels::OptimStep step{};
      for (std::size_t i = places.size(); i-- > 0;) step = next(places[i].options(), places[i].state());
      return step;
    };
  }

  Next next_;
  std::vector<Update> updates_;
  std::vector<Place> places_;
};

}  // namespace ebb::optim
