#include "tests/nn/optim/make_scheduler.h"

#include <cmath>

namespace ebb::test {
namespace {

using namespace optim;

/// The options of a case that are given, onto those that are the default.
class Options {
 public:
  explicit Options(const Json& spec) : options_(spec.value("options", Json::object())) {}

  template <class T>
  void read(const char* name, T& option) const {
    if (!options_.contains(name)) return;
    const Json& given = options_[name];
    if constexpr (std::is_same_v<T, std::vector<double>>) {
      option = given.is_array() ? given.get<T>() : T{given.get<double>()};
    } else {
      option = given.get<T>();
    }
  }

 private:
  Json options_;
};

std::vector<LRLambda> lambdas(const Json& spec) {
  std::vector<LRLambda> made;
  for (const std::string name : spec["options"]["lr_lambda"]) {
    made.push_back([name](std::int64_t epoch) {
      const auto t = static_cast<double>(epoch);
      return name == "power" ? std::pow(0.95, t) : 1 / (1 + t);
    });
  }
  return made;
}

OneCycleLROptions one_cycle_options(const Options& given) {
  OneCycleLROptions o{};
  given.read("max_lr", o.max_lr);
  given.read("total_steps", o.total_steps);
  given.read("pct_start", o.pct_start);
  given.read("anneal_strategy", o.anneal_strategy);
  given.read("cycle_momentum", o.cycle_momentum);
  given.read("div_factor", o.div_factor);
  given.read("final_div_factor", o.final_div_factor);
  given.read("three_phase", o.three_phase);
  return o;
}

ReduceLROnPlateauOptions plateau_options(const Options& given) {
  ReduceLROnPlateauOptions o;
  given.read("mode", o.mode);
  given.read("factor", o.factor);
  given.read("patience", o.patience);
  given.read("threshold", o.threshold);
  given.read("threshold_mode", o.threshold_mode);
  given.read("cooldown", o.cooldown);
  given.read("min_lr", o.min_lr);
  return o;
}

using Part = std::unique_ptr<LRScheduler>;

Part make_ramp(Optimizer& optimizer, const std::string& name, const Options& given, std::int64_t last_epoch) {
  if (name == "LinearLR") {
    LinearLROptions o;
    given.read("start_factor", o.start_factor);
    given.read("end_factor", o.end_factor);
    given.read("total_iters", o.total_iters);
    return std::make_unique<LinearLR>(optimizer, o, last_epoch);
  }
  if (name == "ConstantLR") {
    ConstantLROptions o;
    given.read("factor", o.factor);
    given.read("total_iters", o.total_iters);
    return std::make_unique<ConstantLR>(optimizer, o, last_epoch);
  }
  check(name == "PolynomialLR", "the recorded cases have no scheduler ", name);
  PolynomialLROptions o;
  given.read("total_iters", o.total_iters);
  given.read("power", o.power);
  return std::make_unique<PolynomialLR>(optimizer, o, last_epoch);
}

Part make_cosine(Optimizer& optimizer, const std::string& name, const Options& given, std::int64_t last_epoch) {
  if (name == "CosineAnnealingLR") {
    CosineAnnealingOptions o{};
    given.read("T_max", o.T_max);
    given.read("eta_min", o.eta_min);
    return std::make_unique<CosineAnnealingLR>(optimizer, o, last_epoch);
  }
  CosineAnnealingWarmRestartsOptions o{};
  given.read("T_0", o.T_0);
  given.read("T_mult", o.T_mult);
  given.read("eta_min", o.eta_min);
  return std::make_unique<CosineAnnealingWarmRestarts>(optimizer, o, last_epoch);
}

Part make_part(Optimizer& optimizer, const Json& spec, std::int64_t last_epoch) {
  const std::string name = spec["name"];
  const Options given(spec);
  double gamma = 0.1;
  given.read("gamma", gamma);
  if (name == "StepLR") {
    const std::int64_t step_size = spec["options"]["step_size"];
    return std::make_unique<StepLR>(optimizer, StepLROptions{step_size, gamma}, last_epoch);
  }
  if (name == "MultiStepLR") {
    const std::vector<std::int64_t> milestones = spec["options"]["milestones"];
    return std::make_unique<MultiStepLR>(optimizer, MultiStepLROptions{milestones, gamma}, last_epoch);
  }
  if (name == "ExponentialLR") {
    return std::make_unique<ExponentialLR>(optimizer, ExponentialLROptions{gamma}, last_epoch);
  }
  if (name == "LambdaLR") return std::make_unique<LambdaLR>(optimizer, lambdas(spec), last_epoch);
  if (name == "MultiplicativeLR") return std::make_unique<MultiplicativeLR>(optimizer, lambdas(spec), last_epoch);
  if (name == "OneCycleLR") return std::make_unique<OneCycleLR>(optimizer, one_cycle_options(given), last_epoch);
  if (name.starts_with("Cosine")) return make_cosine(optimizer, name, given, last_epoch);
  return make_ramp(optimizer, name, given, last_epoch);
}

}  // namespace

MadeScheduler make_scheduler(Optimizer& optimizer, const Json& spec, std::int64_t last_epoch) {
  MadeScheduler made;
  const std::string name = spec["name"];
  if (spec.contains("parts")) {
    std::vector<LRScheduler*> parts;
    for (const Json& part : spec["parts"]) {
      made.parts.push_back(make_part(optimizer, part, -1));
      parts.push_back(made.parts.back().get());
    }
    if (name == "ChainedScheduler") {
      made.whole = std::make_unique<ChainedScheduler>(parts);
    } else {
      const std::vector<std::int64_t> milestones = spec["milestones"];
      made.whole = std::make_unique<SequentialLR>(parts, milestones);
    }
  } else if (name == "ReduceLROnPlateau") {
    made.whole = std::make_unique<ReduceLROnPlateau>(optimizer, plateau_options(Options(spec)));
  } else {
    made.whole = make_part(optimizer, spec, last_epoch);
  }
  return made;
}

void MadeScheduler::step(double metric) {
  if (auto* plateau = dynamic_cast<ReduceLROnPlateau*>(whole.get())) return plateau->step(metric);
  dynamic_cast<LRScheduler&>(*whole).step();
}

}  // namespace ebb::test
