#include "ebb/nn/optim/grad_scaler.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/elementwise/unary.h"
#include "ebb/autograd/ops/reduce/reduce.h"

namespace ebb::optim {
namespace {

std::vector<Tensor> gradients_of(const Optimizer& optimizer) {
  std::vector<Tensor> gradients;
  for (std::size_t group = 0; group < optimizer.group_count(); ++group) {
    for (const Tensor& p : optimizer.parameters(group)) {
      if (const Tensor g = p.grad(); g.defined()) gradients.push_back(g);
    }
  }
  return gradients;
}

/// Whether all elements are finite: each device is waited for once.
bool are_finite(const std::vector<Tensor>& gradients) {
  std::vector<Tensor> greatest;
  for (const Tensor& g : gradients) {
    if (g.numel() > 0) greatest.push_back(max(abs(g)));
  }
  return std::ranges::all_of(greatest, [](const Tensor& x) { return std::isfinite(x.item<double>()); });
}

void check_options(const GradScalerOptions& o) {
  const OpScope op("GradScaler", Site{});
  check(o.init_scale > 0, "init_scale must be positive, got ", o.init_scale);
  check(o.growth_factor > 1, "growth_factor must be above 1, got ", o.growth_factor);
  check(o.backoff_factor > 0 && o.backoff_factor < 1, "backoff_factor must lie between 0 and 1, got ",
        o.backoff_factor);
  check(o.growth_interval > 0, "growth_interval must be positive, got ", o.growth_interval);
}

}  // namespace

GradScaler::GradScaler(const GradScalerOptions& options) : options_(options), scale_(options.init_scale) {
  check_options(options_);
}

Tensor GradScaler::scale(const Tensor& loss, Site site) const {
  const OpScope op("GradScaler::scale", site);
  return options_.enabled ? loss * scale_ : loss;
}

void GradScaler::unscale_(const Optimizer& optimizer) {
  if (!options_.enabled) return;
  const OpScope op("GradScaler::unscale_", Site{});
  const Progress known = optimizers_.contains(&optimizer) ? optimizers_.at(&optimizer) : Progress{};
  check(!known.has_stepped, "step() was called for this optimizer since the last update(): its gradients are used");
  check(!known.is_unscaled, "the gradients of this optimizer are unscaled already; call it once after each backward()");
  const std::vector<Tensor> gradients = gradients_of(optimizer);
  check(!gradients.empty(), "no parameter of the optimizer has a gradient; call backward() first");
  for (const Tensor& g : gradients) {
    check(g.dtype() != kFloat16, "a gradient of shape ", g.shape(),
          " is of float16, which cannot hold what is unscaled; keep parameters float32 and let Autocast convert them");
  }
  const NoGradGuard no_grad;
  for (const Tensor& g : gradients) g.mul_(1 / scale_);
  optimizers_[&optimizer] = {.is_unscaled = true, .has_stepped = false, .all_finite = are_finite(gradients)};
}

bool GradScaler::step(Optimizer& optimizer) {
  if (!options_.enabled) {
    optimizer.step();
    return true;
  }
  const auto found = optimizers_.find(&optimizer);
  check(found == optimizers_.end() || !found->second.has_stepped,
        "GradScaler::step: this optimizer has stepped since the last update()");
  if (found == optimizers_.end()) unscale_(optimizer);
  Progress& progress = optimizers_.at(&optimizer);
  if (progress.all_finite) optimizer.step();
  progress.has_stepped = true;
  return progress.all_finite;
}

void GradScaler::update(std::optional<double> new_scale) {
  if (!options_.enabled) return;
  const OpScope op("GradScaler::update", Site{});
  if (new_scale) {
    check(*new_scale > 0, "a scale must be positive, got ", *new_scale);
    scale_ = *new_scale;
  } else {
    check(!optimizers_.empty(), "no gradients were looked at since the last one; call step() first");
    const bool all_finite = std::ranges::all_of(optimizers_, [](const auto& o) { return o.second.all_finite; });
    growth_tracker_ = all_finite ? growth_tracker_ + 1 : 0;
    if (!all_finite) scale_ *= options_.backoff_factor;
    if (growth_tracker_ == options_.growth_interval) {
      const double grown = scale_ * options_.growth_factor;
      if (std::isfinite(static_cast<float>(grown))) scale_ = grown;
      growth_tracker_ = 0;
    }
  }
  optimizers_.clear();
}

Value GradScaler::state_dict() const {
  Value dict = Value::dict();
  if (!options_.enabled) return dict;
  dict.set("scale", scale_);
  dict.set("growth_factor", options_.growth_factor);
  dict.set("backoff_factor", options_.backoff_factor);
  dict.set("growth_interval", options_.growth_interval);
  dict.set("_growth_tracker", growth_tracker_);
  return dict;
}

void GradScaler::load_state_dict(const Value& dict) {
  if (!options_.enabled) return;
  const OpScope op("GradScaler::load_state_dict", Site{});
  check(dict.is_dict() && !dict.as_dict().entries.empty(), "expected the dict of a scaler, got ",
        dict.is_dict() ? "an empty one" : dict.kind_name(), "; one that is not enabled saves nothing");
  GradScalerOptions options = options_;
  options.init_scale = dict["scale"].as_real();
  options.growth_factor = dict["growth_factor"].as_real();
  options.backoff_factor = dict["backoff_factor"].as_real();
  options.growth_interval = dict["growth_interval"].as_int();
  const std::int64_t tracker = dict["_growth_tracker"].as_int();
  check_options(options);
  scale_ = options.init_scale;
  growth_tracker_ = tracker;
  options.init_scale = options_.init_scale;
  options_ = options;
}

}  // namespace ebb::optim
