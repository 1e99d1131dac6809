#include "ebb/nn/optim/adam.h"

#include <cmath>

#include "ebb/nn/optim/detail/optim_step.h"

namespace ebb::optim {
namespace {

template <class Options>
void check_common(const char* name, const Options& o) {
  check_option(name, "lr", o.lr);
  check_option(name, "eps", o.eps);
  check_option(name, "weight_decay", o.weight_decay);
  for (const double beta : o.betas) check(beta >= 0 && beta < 1, name, ": betas must lie in [0, 1), got ", beta);
}

template <class Options>
void common_fields(Archive& archive, Options& o, const Value& usual_decay) {
  archive("lr", o.lr);
  archive("betas", o.betas);
  archive("eps", o.eps);
  archive("weight_decay", o.weight_decay, usual_decay);
  archive("amsgrad", o.amsgrad);
  archive("maximize", o.maximize);
  archive.fixed("foreach", {});
  archive.fixed("capturable", false);
  archive.fixed("differentiable", false);
  archive.fixed("fused", {});
}

bool is_decoupled(const AdamOptions& o) { return o.decoupled_weight_decay; }
bool is_decoupled(const AdamWOptions&) { return true; }

template <class Options>
kernels::OptimStep next_adam_step(const Options& o, AdamState& state) {
  const auto steps = static_cast<double>(++state.step);
  const auto [beta1, beta2] = o.betas;
  return kernels::AdamStep{.step_size = o.lr / (1 - std::pow(beta1, steps)),
                           .beta1 = beta1,
                           .beta2 = beta2,
                           .eps = o.eps,
                           .weight_decay = is_decoupled(o) ? 0 : o.weight_decay,
                           .shrink = is_decoupled(o) ? 1 - o.lr * o.weight_decay : 1,
                           .root_bias = std::pow(1 - std::pow(beta2, steps), 0.5),
                           .amsgrad = o.amsgrad,
                           .maximize = o.maximize};
}

/// The updates of a step of `for_each_gradient(body)`.
template <class Options, class Place, class ForEach>
void take_step(ForEach&& for_each_gradient) {
  Updates<Options, AdamState, Place> updates(next_adam_step<Options>);
  for_each_gradient([&](const Tensor& p, const Tensor& gradient, const Place& place) {
    AdamState& state = place.state();
    if (place.options().amsgrad) {
      updates.add(p, gradient, {&state.exp_avg, &state.exp_avg_sq, &state.max_exp_avg_sq}, place);
    } else {
      updates.add(p, gradient, {&state.exp_avg, &state.exp_avg_sq}, place);
    }
  });
  updates.take();
}

}  // namespace

void check_options(const AdamOptions& o) { check_common("Adam", o); }
void check_options(const AdamWOptions& o) { check_common("AdamW", o); }

void fields(Archive& archive, AdamOptions& o) {
  common_fields(archive, o, 0);
  archive("decoupled_weight_decay", o.decoupled_weight_decay);
}

void fields(Archive& archive, AdamWOptions& o) {
  common_fields(archive, o, {});
  bool is_decoupled = true;
  archive("decoupled_weight_decay", is_decoupled);
}

void fields(Archive& archive, AdamState& state, const Tensor& parameter) {
  if (archive.is_writing() && !state.exp_avg.defined()) return;
  archive.steps("step", state.step);
  archive.state("exp_avg", state.exp_avg, parameter);
  archive.state("exp_avg_sq", state.exp_avg_sq, parameter);
  archive.state("max_exp_avg_sq", state.max_exp_avg_sq, parameter);
}

Adam::Adam(std::vector<Tensor> params, const AdamOptions& options)
    : Adam(std::vector<ParamGroup<AdamOptions>>{{std::move(params), options}}) {}

Adam::Adam(std::vector<ParamGroup<AdamOptions>> groups) : GroupedOptimizer(std::move(groups)) {}

void Adam::step() {
  take_step<AdamOptions, Place>([this](auto&& body) { for_each_gradient(body); });
}

AdamW::AdamW(std::vector<Tensor> params, const AdamWOptions& options)
    : AdamW(std::vector<ParamGroup<AdamWOptions>>{{std::move(params), options}}) {}

AdamW::AdamW(std::vector<ParamGroup<AdamWOptions>> groups) : GroupedOptimizer(std::move(groups)) {}

void AdamW::step() {
  take_step<AdamWOptions, Place>([this](auto&& body) { for_each_gradient(body); });
}

}  // namespace ebb::optim
