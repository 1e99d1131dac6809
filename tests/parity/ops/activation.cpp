#include "ebb/autograd/ops.h"

#include "tests/parity/ops/ops.h"

namespace parity {

using namespace ebb;

/// `f`, or `in_place` on a copy where inplace=True was recorded.
template <class F, class InPlace>
static Op activation(std::vector<std::string> parameters, F f, InPlace in_place) {
  parameters.insert(parameters.begin(), "input");
  parameters.push_back("inplace");
  return {std::move(parameters), [=](const Arguments& a) {
            const Tensor x = a.tensor("input");
            return Outputs{a.flag("inplace", false) ? in_place(x.clone(), a) : f(x, a)};
          }};
}

using Function = Tensor (*)(const Tensor&, Site);

static Op activation(Function f, Function in_place) {
  return activation(
      {}, [f](const Tensor& x, const Arguments&) { return f(x, {}); },
      [in_place](const Tensor& x, const Arguments&) { return in_place(x, {}); });
}

using FunctionOfNumber = Tensor (*)(const Tensor&, double, Site);

static Op activation(FunctionOfNumber f, FunctionOfNumber in_place, const std::string& parameter, double otherwise) {
  const auto call = [=](FunctionOfNumber g) {
    return [=](const Tensor& x, const Arguments& a) { return g(x, a.real(parameter, otherwise), {}); };
  };
  return activation({parameter}, call(f), call(in_place));
}

static Outputs call_gelu(const Arguments& a) {
  const std::string approximate = a.text("approximate", "none");
  if (approximate != "none" && approximate != "tanh")
    throw Error("cannot be written in ebb: approximate=" + approximate);
  return {gelu(a.tensor("input"), approximate == "tanh" ? GeluApproximation::tanh : GeluApproximation::none)};
}

void add_activations(OpTable& table) {
  table["nn.functional.leaky_relu"] = activation(leaky_relu, leaky_relu_, "negative_slope", 0.01);
  table["nn.functional.elu"] = activation(elu, elu_, "alpha", 1);
  table["nn.functional.celu"] = activation(celu, celu_, "alpha", 1);
  table["nn.functional.selu"] = activation(selu, selu_);
  table["nn.functional.silu"] = activation(silu, silu_);
  table["nn.functional.mish"] = activation(mish, mish_);
  table["nn.functional.relu6"] = activation(relu6, relu6_);
  table["nn.functional.hardswish"] = activation(hardswish, hardswish_);
  table["nn.functional.hardsigmoid"] = activation(hardsigmoid, hardsigmoid_);
  const auto hardtanh_by = [](auto f) {
    return
        [f](const Tensor& x, const Arguments& a) { return f(x, a.real("min_val", -1), a.real("max_val", 1), Site{}); };
  };
  table["nn.functional.hardtanh"] = activation({"min_val", "max_val"}, hardtanh_by(hardtanh), hardtanh_by(hardtanh_));
  table["nn.functional.gelu"] = {{"input", "approximate"}, call_gelu};
  table["nn.functional.logsigmoid"] = {{"input"},
                                       [](const Arguments& a) { return Outputs{logsigmoid(a.tensor("input"))}; }};
  table["nn.functional.softplus"] = {
      {"input", "beta", "threshold"}, [](const Arguments& a) {
        return Outputs{softplus(a.tensor("input"), a.real("beta", 1), a.real("threshold", 20))};
      }};
  table["nn.functional.prelu"] = {
      {"input", "weight"}, [](const Arguments& a) { return Outputs{prelu(a.tensor("input"), a.tensor("weight"))}; }};
}

}  // namespace parity
