#include "ebb/nn/optim/adagrad.h"

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/nn/optim/detail/optim_step.h"

namespace ebb::optim {

void check_options(const AdagradOptions& o) {
  check_option("Adagrad", "lr", o.lr);
  check_option("Adagrad", "lr_decay", o.lr_decay);
  check_option("Adagrad", "weight_decay", o.weight_decay);
  check_option("Adagrad", "initial_accumulator_value", o.initial_accumulator_value);
  check_option("Adagrad", "eps", o.eps);
}

void fields(Archive& archive, AdagradOptions& o) {
  archive("lr", o.lr);
  archive("lr_decay", o.lr_decay, 0);
  archive("eps", o.eps);
  archive("weight_decay", o.weight_decay, 0);
  archive("initial_accumulator_value", o.initial_accumulator_value, 0);
  archive.fixed("foreach", {});
  archive("maximize", o.maximize);
  archive.fixed("differentiable", false);
  archive.fixed("fused", {});
}

void fields(Archive& archive, AdagradState& state, const Tensor& parameter) {
  archive.steps("step", state.step);
  archive.state("sum", state.sum, parameter);
}

AdagradState first_state(const Tensor& parameter, const AdagradOptions& o) {
  return {.step = 0, .sum = zeros_like(parameter.detach()).fill_(o.initial_accumulator_value)};
}

Adagrad::Adagrad(std::vector<Tensor> params, const AdagradOptions& options)
    : Adagrad(std::vector<ParamGroup<AdagradOptions>>{{std::move(params), options}}) {}

Adagrad::Adagrad(std::vector<ParamGroup<AdagradOptions>> groups) : GroupedOptimizer(std::move(groups)) {}

static kernels::OptimStep next_adagrad_step(const AdagradOptions& o, AdagradState& state) {
  ++state.step;
  return kernels::AdagradStep{.lr = o.lr / (1 + static_cast<double>(state.step - 1) * o.lr_decay),
                              .eps = o.eps,
                              .weight_decay = o.weight_decay,
                              .maximize = o.maximize};
}

void Adagrad::step() {
  Updates<AdagradOptions, AdagradState, Place> updates(next_adagrad_step);
  for_each_gradient([&](const Tensor& p, const Tensor& gradient, const Place& place) {
    updates.add(p, gradient, {&place.state().sum}, place);
  });
  updates.take();
}

}  // namespace ebb::optim
