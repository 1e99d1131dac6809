#include "ebb/autograd/ops.h"

#include "tests/autograd/ops/gradient_cases.h"

namespace ebb::test {

using In = std::span<const Tensor>;

static const std::vector<Shape> ranks{{}, {3}, {2, 3}, {1, 3, 2, 2}, {2, 0, 3}};

static void add_functions(GradientCases& cases) {
  const auto unary = [&](const char* op, Domain domain, Tensor (*f)(const Tensor&, Site)) {
    for (const Shape& shape : ranks) cases.push_back({op, [f](In x) { return f(x[0], {}); }, {shape}, domain});
  };
  unary("expm1", Domain::real, expm1);
  unary("log2", Domain::positive, log2);
  unary("log10", Domain::positive, log10);
  unary("tan", Domain::unit, tan);
  unary("asin", Domain::unit, asin);
  unary("acos", Domain::unit, acos);
  unary("atan", Domain::real, atan);
  unary("sinh", Domain::real, sinh);
  unary("cosh", Domain::real, cosh);
  unary("erf", Domain::real, erf);
  unary("square", Domain::real, square);
  unary("floor", Domain::unit, floor);
  unary("ceil", Domain::unit, ceil);
  unary("round", Domain::positive, round);
  unary("trunc", Domain::unit, trunc);
  unary("selu", Domain::away_from_zero, selu);
  unary("silu", Domain::real, silu);
  unary("mish", Domain::real, mish);
  unary("logsigmoid", Domain::real, logsigmoid);
  unary("relu6", Domain::away_from_zero, relu6);
  unary("hardsigmoid", Domain::real, hardsigmoid);
  unary("hardswish", Domain::real, hardswish);
}

/// In place too, on a tensor that is no leaf.
static void add_activations(GradientCases& cases) {
  const auto of = [&](const char* op, Domain domain, TensorFunction f) {
    for (const Shape& shape : ranks) cases.push_back({op, f, {shape}, domain});
  };
  of("leaky_relu", Domain::away_from_zero, [](In x) { return leaky_relu(x[0], 0.2); });
  of("elu", Domain::away_from_zero, [](In x) { return elu(x[0], 1.5); });
  of("celu", Domain::away_from_zero, [](In x) { return celu(x[0], 0.7); });
  of("gelu", Domain::real, [](In x) { return gelu(x[0]); });
  of("gelu tanh", Domain::real, [](In x) { return gelu(x[0], GeluApproximation::tanh); });
  of("softplus", Domain::away_from_zero, [](In x) { return softplus(x[0], 2, 0.1); });
  of("hardtanh", Domain::real, [](In x) { return hardtanh(x[0], -0.77, 0.33); });
  of("hardswish", Domain::real, [](In x) { return hardswish(x[0] * 2.3); });
  of("leaky_relu_", Domain::away_from_zero, [](In x) { return leaky_relu_(x[0] * 1, 0.2); });
  of("leaky_relu_ negative", Domain::away_from_zero, [](In x) { return leaky_relu_(x[0] * 1, -0.2); });
  of("elu_", Domain::away_from_zero, [](In x) { return elu_(x[0] * 2, 1.5); });
  of("celu_", Domain::away_from_zero, [](In x) { return celu_(x[0] * 2, 1.5); });
  of("selu_", Domain::away_from_zero, [](In x) { return selu_(x[0] * 2); });
  of("silu_", Domain::real, [](In x) { return silu_(x[0] * 2); });
  of("mish_", Domain::real, [](In x) { return mish_(x[0] * 2); });
  of("hardtanh_", Domain::real, [](In x) { return hardtanh_(x[0] * 2, -0.77, 0.33); });
  of("relu6_", Domain::away_from_zero, [](In x) { return relu6_(x[0] * 2); });
  of("hardsigmoid_", Domain::real, [](In x) { return hardsigmoid_(x[0] * 2.3); });
  of("hardswish_", Domain::real, [](In x) { return hardswish_(x[0] * 2.3); });
  for (const auto& [x, weight] : std::vector<std::pair<Shape, Shape>>{
           {{}, {}}, {{3}, {1}}, {{2, 3}, {3}}, {{2, 1, 3}, {1}}, {{1, 3, 2, 2}, {3}}, {{2, 0}, {1}}}) {
    cases.push_back({"prelu", [](In in) { return prelu(in[0], in[1]); }, {x, weight}, Domain::away_from_zero});
  }
}

static void add_pairs(GradientCases& cases) {
  const std::vector<std::vector<Shape>> pairs{{{2, 3}, {2, 3}}, {{2, 1, 3}, {4, 1}}, {{}, {2, 2}}, {{2, 0}, {1}}};
  for (const auto& shapes : pairs) {
    cases.push_back({"fmod", [](In x) { return fmod(x[0] - 2, x[1]); }, shapes, Domain::positive, false});
    cases.push_back({"remainder", [](In x) { return remainder(x[0] - 2, x[1]); }, shapes, Domain::positive, false});
    cases.push_back({"where scalar", [](In x) { return where(gt(x[0], 0), x[1], 2); }, shapes, Domain::away_from_zero});
    cases.push_back({"clamp tensors", [](In x) { return clamp(x[0], x[1] - 0.7, x[1] + 0.6); }, shapes});
  }
}

static void add_elementwise_losses(GradientCases& cases) {
  const auto pair = [&](const char* op, Domain domain, auto f) {
    for (const Reduction r : {Reduction::none, Reduction::sum, Reduction::mean}) {
      for (const Shape& shape : std::vector<Shape>{{}, {4}, {2, 3}, {1, 2, 2, 2}}) {
        cases.push_back({op, [=](In x) { return f(x[0], x[1], r); }, {shape, shape}, domain, false});
      }
    }
  };
  pair("l1_loss", Domain::real, [](auto& x, auto& t, Reduction r) { return l1_loss(x, t, r, square(t) + 1); });
  pair("mse_loss weight", Domain::real, [](auto& x, auto& t, Reduction r) { return mse_loss(x, t, r, square(x) + 1); });
  pair("smooth_l1_loss", Domain::real, [](auto& x, auto& t, Reduction r) { return smooth_l1_loss(x, t, r, 0.8); });
  pair("huber_loss", Domain::real, [](auto& x, auto& t, Reduction r) { return huber_loss(x, t, r, 0.8); });
  pair("binary_cross_entropy", Domain::unit,
       [](auto& x, auto& t, Reduction r) { return binary_cross_entropy(x, t, {.weight = t + 1, .reduction = r}); });
  pair("binary_cross_entropy_with_logits", Domain::real, [](auto& x, auto& t, Reduction r) {
    return binary_cross_entropy_with_logits(x, t, {.weight = square(t), .pos_weight = square(t), .reduction = r});
  });
  pair("mse_loss", Domain::real, [](auto& x, auto& t, Reduction r) { return mse_loss(x, t, r); });
  pair("binary_cross_entropy, no weight", Domain::unit,
       [](auto& x, auto& t, Reduction r) { return binary_cross_entropy(x, t, {.reduction = r}); });
  pair("binary_cross_entropy_with_logits, no weight", Domain::real,
       [](auto& x, auto& t, Reduction r) { return binary_cross_entropy_with_logits(x, t, {.reduction = r}); });
  pair("kl_div", Domain::unit, [](auto& x, auto& t, Reduction r) { return kl_div(x, t, {.reduction = r}); });
  pair("kl_div of logarithms", Domain::real,
       [](auto& x, auto& t, Reduction r) { return kl_div(x, t, {.reduction = r, .log_target = true}); });
  pair("soft_margin_loss", Domain::real, [](auto& x, auto& t, Reduction r) { return soft_margin_loss(x, t, r); });
  cases.push_back({"kl_div batchmean",
                   [](In x) { return kl_div(x[0], x[1], {.reduction = Reduction::batchmean}); },
                   {{2, 3}, {3}},
                   Domain::unit});
  cases.push_back({"hinge_embedding_loss",
                   [](In x) { return hinge_embedding_loss(x[0], sign(x[1].detach()), 0.9); },
                   {{2, 3}, {2, 3}},
                   Domain::away_from_zero});
}

void add_pointwise_cases(GradientCases& cases) {
  add_functions(cases);
  add_activations(cases);
  add_pairs(cases);
  add_elementwise_losses(cases);
}

}  // namespace ebb::test
