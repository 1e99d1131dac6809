#include "tests/autograd/ops/gradient_cases.h"

#include "ebb/autograd/ops.h"

namespace ebb::test {

using In = std::span<const Tensor>;

/// Ranks 0 to 5, and nothing at all.
static const std::vector<Shape> ranks{{}, {3}, {2, 3}, {2, 1, 3}, {1, 3, 2, 2}, {1, 2, 1, 2, 2}, {0}, {2, 0, 3}};

void add_elementwise_cases(GradientCases& cases) {
  const auto unary = [&](const char* op, Domain domain, Tensor (*f)(const Tensor&, Site)) {
    for (const Shape& shape : ranks) cases.push_back({op, [f](In x) { return f(x[0], {}); }, {shape}, domain});
  };
  unary("neg", Domain::real, neg);
  unary("abs", Domain::away_from_zero, abs);
  unary("sign", Domain::away_from_zero, sign);
  unary("reciprocal", Domain::away_from_zero, reciprocal);
  unary("exp", Domain::real, exp);
  unary("log", Domain::positive, log);
  unary("log1p", Domain::positive, log1p);
  unary("sqrt", Domain::positive, sqrt);
  unary("rsqrt", Domain::positive, rsqrt);
  unary("sin", Domain::real, sin);
  unary("cos", Domain::real, cos);
  unary("tanh", Domain::real, tanh);
  unary("sigmoid", Domain::real, sigmoid);
  unary("relu", Domain::away_from_zero, relu);
  const auto of = [&](const char* op, Domain domain, TensorFunction f) {
    for (const Shape& shape : ranks) cases.push_back({op, f, {shape}, domain});
  };
  of("clamp", Domain::away_from_zero, [](In x) { return clamp(x[0], -0.25, 0.25); });
  of("add scalar", Domain::real, [](In x) { return add(x[0], 3, 2); });
  of("rsub", Domain::real, [](In x) { return 2.5 - x[0]; });
  of("mul scalar", Domain::real, [](In x) { return x[0] * -1.5; });
  of("div scalar", Domain::real, [](In x) { return x[0] / 3; });
  of("div by", Domain::away_from_zero, [](In x) { return 2 / x[0]; });
  for (const double e : {-1.0, 0.0, 0.5, 2.0, 2.5, 3.0}) {
    of("pow scalar", Domain::positive, [e](In x) { return pow(x[0], e); });
  }
  of("pow of scalar", Domain::positive, [](In x) { return pow(2.5, x[0]); });
  const std::vector<std::vector<Shape>> pairs{{{2, 3}, {2, 3}}, {{2, 1, 3}, {4, 1}},          {{}, {2, 2}},
                                              {{3}, {}},        {{1, 2, 1, 2}, {3, 1, 2, 1}}, {{2, 0}, {1}},
                                              {{}, {}},         {{1, 2, 1, 1, 2}, {2}}};
  const auto binary = [&](const char* op, Domain domain, TensorFunction f, bool ties = true) {
    for (const auto& shapes : pairs) cases.push_back({op, f, shapes, domain, ties});
  };
  binary("add", Domain::real, [](In x) { return add(x[0], x[1], -1.5); });
  binary("sub", Domain::real, [](In x) { return sub(x[0], x[1], 2); });
  binary("mul", Domain::real, [](In x) { return x[0] * x[1]; });
  binary("div", Domain::positive, [](In x) { return x[0] / x[1]; });
  binary("pow", Domain::positive, [](In x) { return pow(x[0], x[1]); });
  binary("maximum", Domain::real, [](In x) { return maximum(x[0], x[1]); });
  binary("minimum", Domain::real, [](In x) { return minimum(x[0], x[1]); });
  binary("mse_loss", Domain::real, [](In x) { return mse_loss(x[0], x[1], Reduction::sum); });
  binary("where", Domain::real, [](In x) {
    return where(gt((x[0] + x[1]).detach() * 0 + sample((x[0] + x[1]).shape(), Domain::real, 9), 0), x[0], x[1]);
  });
}

void add_shape_cases(GradientCases& cases) {
  const auto of = [&](const char* op, Shape shape, TensorFunction f) { cases.push_back({op, f, {shape}}); };
  of("reshape", {2, 3}, [](In x) { return reshape(x[0], {3, -1}); });
  of("reshape", {}, [](In x) { return reshape(x[0], {1, 1}); });
  of("reshape", {2, 0}, [](In x) { return reshape(x[0], {0, 5}); });
  of("view", {2, 3}, [](In x) { return view(x[0].contiguous(), {6}); });
  of("flatten", {2, 1, 3, 2}, [](In x) { return flatten(x[0], 1, 2); });
  of("flatten", {}, [](In x) { return flatten(x[0]); });
  of("transpose", {2, 3}, [](In x) { return transpose(x[0], 0, 1); });
  of("transpose", {1, 2, 1, 3, 2}, [](In x) { return transpose(x[0], 1, -1); });
  of("permute", {2, 1, 3}, [](In x) { return permute(x[0], {2, 0, 1}); });
  of("expand", {2, 1, 3}, [](In x) { return expand(x[0], {4, -1, 2, 3}); });
  of("expand", {}, [](In x) { return expand(x[0], {2, 0}); });
  of("squeeze", {1, 2, 1, 3}, [](In x) { return squeeze(x[0], {0, 1, 2}); });
  of("unsqueeze", {2, 3}, [](In x) { return unsqueeze(x[0], 1); });
  of("slice", {5, 2}, [](In x) { return slice(x[0], 0, 1, -1, 2); });
  of("slice", {2, 0}, [](In x) { return slice(x[0], 1, 0, 9, 1); });
  of("narrow", {2, 4}, [](In x) { return narrow(x[0], 1, 1, 2); });
  of("select", {2, 3, 2}, [](In x) { return select(x[0], 1, -1); });
  of("clone", {2, 1, 3}, [](In x) { return clone(x[0]); });
  of("contiguous", {1, 2, 2, 3}, [](In x) { return contiguous(x[0], MemoryFormat::channels_last); });
  of("to", {2, 2}, [](In x) { return to(to(x[0], kFloat64), kCPU) * 2; });
  of("as_strided", {2, 3}, [](In x) { return as_strided(clone(x[0]).reshape({-1}), {2, 2}, {1, 2}, 1); });
  of("pad", {2, 3}, [](In x) { return pad(x[0], {1, -1, -1, 2}, 0.5); });
  of("pad", {1, 2, 2, 3}, [](In x) { return pad(x[0], {0, 1, 2, 0}); });
  cases.push_back({"cat", [](In x) { return cat(x, 1); }, {{2, 1}, {2, 3}, {2, 0}}});
  cases.push_back({"cat", [](In x) { return cat(x, -3); }, {{1, 2, 1, 2}, {1, 1, 1, 2}}});
  cases.push_back({"stack", [](In x) { return stack(x, -1); }, {{2, 2}, {2, 2}}});
}

void add_reduction_cases(GradientCases& cases) {
  struct Over {
    Shape shape;
    Dims dims;
  };
  const std::vector<Over> overs{{{}, {}},
                                {{4}, {0}},
                                {{2, 3}, {}},
                                {{2, 3}, {1}},
                                {{2, 1, 3}, {0, 2}},
                                {{2, 2, 1, 3}, {1}},
                                {{1, 2, 1, 2, 2}, {1, 4}}};
  const auto reduce = [&](const char* op, Domain domain, auto f, bool ties = true) {
    for (const auto& [shape, dims] : overs) {
      for (const bool keepdim : {false, true}) {
        cases.push_back({op, [=, d = dims](In x) { return f(x[0], d, keepdim); }, {shape}, domain, ties});
      }
    }
  };
  reduce("sum", Domain::real, [](const Tensor& x, const Dims& d, bool k) { return sum(x, d, k); });
  reduce("mean", Domain::real, [](const Tensor& x, const Dims& d, bool k) { return mean(x, d, k); });
  reduce("var", Domain::real, [](const Tensor& x, const Dims& d, bool k) { return var(x, d, 0, k); });
  reduce(
      "amax", Domain::distinct, [](const Tensor& x, const Dims& d, bool k) { return amax(x, d, k); }, false);
  reduce(
      "amin", Domain::distinct, [](const Tensor& x, const Dims& d, bool k) { return amin(x, d, k); }, false);
  cases.push_back({"sum", [](In x) { return sum(x[0], {1}); }, {{2, 0}}});
  for (const Shape& shape : std::vector<Shape>{{}, {4}, {2, 3}, {2, 1, 3}, {1, 2, 2, 3}}) {
    cases.push_back({"max dim", [](In x) { return max(x[0], -1).values; }, {shape}, Domain::distinct, false});
    cases.push_back({"min dim", [](In x) { return min(x[0], 0, true).values; }, {shape}, Domain::distinct, false});
    cases.push_back({"max", [](In x) { return max(x[0]); }, {shape}, Domain::distinct, false});
    cases.push_back({"min", [](In x) { return min(x[0]); }, {shape}, Domain::distinct, false});
    cases.push_back({"softmax", [](In x) { return softmax(x[0], -1); }, {shape}});
    cases.push_back({"log_softmax", [](In x) { return log_softmax(x[0], 0); }, {shape}});
  }
  cases.push_back({"softmax", [](In x) { return softmax(x[0], 0); }, {{0, 2}}});
}

GradientCases gradient_cases() {
  GradientCases cases;
  add_elementwise_cases(cases);
  add_shape_cases(cases);
  add_reduction_cases(cases);
  add_network_cases(cases);
  add_resampling_cases(cases);
  add_pointwise_cases(cases);
  add_along_cases(cases);
  add_index_cases(cases);
  return cases;
}

}  // namespace ebb::test
