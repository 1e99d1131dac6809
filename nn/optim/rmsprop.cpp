#include "ebb/nn/optim/rmsprop.h"

#include "ebb/nn/optim/detail/optim_step.h"

namespace ebb::optim {

void check_options(const RMSpropOptions& o) {
  check_option("RMSprop", "lr", o.lr);
  check_option("RMSprop", "alpha", o.alpha);
  check_option("RMSprop", "eps", o.eps);
  check_option("RMSprop", "weight_decay", o.weight_decay);
  check_option("RMSprop", "momentum", o.momentum);
}

void fields(Archive& archive, RMSpropOptions& o) {
  archive("lr", o.lr);
  archive("momentum", o.momentum, 0);
  archive("alpha", o.alpha);
  archive("eps", o.eps);
  archive("centered", o.centered);
  archive("weight_decay", o.weight_decay, 0);
  archive.fixed("capturable", false);
  archive.fixed("foreach", {});
  archive("maximize", o.maximize);
  archive.fixed("differentiable", false);
}

void fields(Archive& archive, RMSpropState& state, const Tensor& parameter) {
  if (archive.is_writing() && !state.square_avg.defined()) return;
  archive.steps("step", state.step);
  archive.state("square_avg", state.square_avg, parameter);
  archive.state("momentum_buffer", state.momentum_buffer, parameter);
  archive.state("grad_avg", state.grad_avg, parameter);
}

RMSprop::RMSprop(std::vector<Tensor> params, const RMSpropOptions& options)
    : RMSprop(std::vector<ParamGroup<RMSpropOptions>>{{std::move(params), options}}) {}

RMSprop::RMSprop(std::vector<ParamGroup<RMSpropOptions>> groups) : GroupedOptimizer(std::move(groups)) {}

static kernels::OptimStep next_rmsprop_step(const RMSpropOptions& o, RMSpropState& state) {
  ++state.step;
  return kernels::RmspropStep{.lr = o.lr,
                              .alpha = o.alpha,
                              .eps = o.eps,
                              .weight_decay = o.weight_decay,
                              .momentum = o.momentum,
                              .centered = o.centered,
                              .maximize = o.maximize};
}

void RMSprop::step() {
  Updates<RMSpropOptions, RMSpropState, Place> updates(next_rmsprop_step);
  for_each_gradient([&](const Tensor& p, const Tensor& gradient, const Place& place) {
    const RMSpropOptions& o = place.options();
    RMSpropState& state = place.state();
    const bool has_momentum = o.momentum > 0;
    if (has_momentum && o.centered) {
      updates.add(p, gradient, {&state.square_avg, &state.momentum_buffer, &state.grad_avg}, place);
    } else if (has_momentum || o.centered) {
      updates.add(p, gradient, {&state.square_avg, has_momentum ? &state.momentum_buffer : &state.grad_avg}, place);
    } else {
      updates.add(p, gradient, {&state.square_avg}, place);
    }
  });
  updates.take();
}

}  // namespace ebb::optim
