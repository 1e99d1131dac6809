#pragma once

#include <functional>
#include <initializer_list>

#include "ebb/kernels/optim/optim_step.h"

namespace ebb::optim {

/// Moves `p` and its states by one step of an optimizer along `gradient`, in one pass over memory. Not recorded. A
/// state that is undefined becomes zeros; all get the strides of `p`, where its elements lie without gaps.
void optim_step(const Tensor& p, const Tensor& gradient, std::initializer_list<Tensor*> states,
                const kernels::OptimStep& step);

/// Whether a step of `p` goes into a graph.
bool is_captured(const Tensor& p);

/// The same in a graph, each of whose replays takes the step that `next` gives then. `like`: one that it might give.
void captured_optim_step(const Tensor& p, const Tensor& gradient, std::initializer_list<Tensor*> states,
                         const kernels::OptimStep& like, std::function<kernels::OptimStep()> next);

/// The step that `next(options, state)` gives, and counts: now, or in a graph at each replay.
template <class Options, class State, class Place>
void optim_step(const Tensor& p, const Tensor& gradient, std::initializer_list<Tensor*> states,
                kernels::OptimStep (*next)(const Options&, State&), const Place& place) {
  if (!is_captured(p)) return optim_step(p, gradient, states, next(place.options(), place.state()));
  State uncounted = place.state();
  const kernels::OptimStep like = next(place.options(), uncounted);
  captured_optim_step(p, gradient, states, like, [next, place, check_unchanged = place.check_unchanged()] {
    check_unchanged();
    return next(place.options(), place.state());
  });
}

}  // namespace ebb::optim
