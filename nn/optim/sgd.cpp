#include "ebb/nn/optim/sgd.h"

#include "ebb/nn/optim/detail/optim_step.h"

namespace ebb::optim {

void check_options(const SGDOptions& o) {
  check_option("SGD", "lr", o.lr);
  check_option("SGD", "momentum", o.momentum);
  check_option("SGD", "weight_decay", o.weight_decay);
  check(!o.nesterov || (o.momentum > 0 && o.dampening == 0), "SGD: nesterov needs momentum and no dampening, got ",
        "momentum ", o.momentum, ", dampening ", o.dampening);
}

void fields(Archive& archive, SGDOptions& o) {
  archive("lr", o.lr);
  archive("momentum", o.momentum, 0);
  archive("dampening", o.dampening, 0);
  archive("weight_decay", o.weight_decay, 0);
  archive("nesterov", o.nesterov);
  archive("maximize", o.maximize);
  archive.fixed("foreach", {});
  archive.fixed("differentiable", false);
  archive.fixed("fused", {});
}

void fields(Archive& archive, SGDState& state, const Tensor& parameter) {
  archive.state("momentum_buffer", state.momentum_buffer, parameter);
}

SGD::SGD(std::vector<Tensor> params, const SGDOptions& options)
    : SGD(std::vector<ParamGroup<SGDOptions>>{{std::move(params), options}}) {}

SGD::SGD(std::vector<ParamGroup<SGDOptions>> groups) : GroupedOptimizer(std::move(groups)) {}

static kernels::OptimStep next_sgd_step(const SGDOptions& o, SGDState& state) {
  return kernels::SgdStep{.lr = o.lr,
                          .momentum = o.momentum,
                          .dampening = o.dampening,
                          .weight_decay = o.weight_decay,
                          .nesterov = o.nesterov,
                          .maximize = o.maximize,
                          .is_first = !state.momentum_buffer.defined()};
}

void SGD::step() {
  Updates<SGDOptions, SGDState, Place> updates(next_sgd_step);
  for_each_gradient([&](const Tensor& p, const Tensor& gradient, const Place& place) {
    if (place.options().momentum != 0) {
      updates.add(p, gradient, {&place.state().momentum_buffer}, place);
    } else {
      updates.add(p, gradient, {}, place);
    }
  });
  updates.take();
}

}  // namespace ebb::optim
