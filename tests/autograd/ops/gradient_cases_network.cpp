#include "ebb/autograd/ops.h"

#include "tests/autograd/ops/gradient_cases.h"

namespace ebb::test {

using In = std::span<const Tensor>;

static void add_products(GradientCases& cases) {
  cases.push_back({"bmm", [](In x) { return bmm(x[0], x[1]); }, {{2, 2, 3}, {2, 3, 2}}});
  cases.push_back({"bmm", [](In x) { return bmm(x[0], x[1]); }, {{2, 2, 0}, {2, 0, 2}}});
  cases.push_back({"mm", [](In x) { return mm(x[0], x[1]); }, {{2, 3}, {3, 2}}});
  cases.push_back({"mv", [](In x) { return mv(x[0], x[1]); }, {{2, 3}, {3}}});
  cases.push_back({"dot", [](In x) { return dot(x[0], x[1]); }, {{3}, {3}}});
  for (const auto& shapes : std::vector<std::vector<Shape>>{{{3}, {3}},
                                                            {{3}, {3, 2}},
                                                            {{2, 3}, {3}},
                                                            {{2, 1, 3}, {3, 2}},
                                                            {{2, 1, 2, 3}, {2, 3, 1}},
                                                            {{0, 2}, {2, 2}}}) {
    cases.push_back({"matmul", [](In x) { return matmul(x[0], x[1]); }, shapes});
  }
  cases.push_back({"addmm", [](In x) { return addmm(x[0], x[1], x[2], 0.5, 2); }, {{1, 2}, {2, 3}, {3, 2}}});
  cases.push_back({"linear", [](In x) { return linear(x[0], x[1], x[2]); }, {{2, 3}, {4, 3}, {4}}});
  cases.push_back({"linear", [](In x) { return linear(x[0], x[1]); }, {{1, 2, 1, 3}, {2, 3}}});
}

static void add_convolutions(GradientCases& cases) {
  const auto conv = [&](Shape x, Shape w, Conv2dOptions o) {
    const Shape bias{w[0]};
    cases.push_back({"conv2d", [o](In in) { return conv2d(in[0], in[1], in[2], o); }, {x, w, bias}});
  };
  conv({1, 2, 3, 4}, {2, 2, 2, 2}, {});
  conv({2, 2, 4, 3}, {2, 1, 3, 2}, {.stride = {2, 1}, .padding = 1, .groups = 2});
  conv({1, 1, 5, 4}, {1, 1, 2, 2}, {.padding = {0, 1}, .dilation = 2});
  conv({0, 2, 3, 3}, {1, 2, 2, 2}, {});
  conv({2, 3, 3}, {1, 2, 1, 1}, {});
  const auto pool = [&](Shape x, MaxPool2dOptions o) {
    cases.push_back({"max_pool2d", [o](In in) { return max_pool2d(in[0], o); }, {x}, Domain::distinct, false});
  };
  pool({1, 2, 4, 4}, {.kernel_size = 2});
  pool({2, 1, 4, 3}, {.kernel_size = 3, .stride = 1, .padding = 1});
  pool({1, 5, 4}, {.kernel_size = {2, 2}, .stride = 2, .dilation = 2, .ceil_mode = true});
  pool({0, 1, 2, 2}, {.kernel_size = 2});
  const auto pool3d = [&](Shape x, MaxPool3dOptions o) {
    cases.push_back({"max_pool3d", [o](In in) { return max_pool3d(in[0], o); }, {x}, Domain::distinct, false});
  };
  pool3d({1, 2, 3, 4, 2}, {.kernel_size = {2}, .stride = {1}});
  pool3d({2, 3, 3, 2}, {.kernel_size = {3, 2, 1}, .padding = {1, 1, 0}, .ceil_mode = true});
  pool3d({0, 1, 2, 2, 2}, {.kernel_size = {2}});
  const auto unpool = [](In in) {
    const Tensor places = tensor({0, 5, 3, 8}).view({1, 1, 2, 2});
    return max_unpool2d(in[0], places, {.kernel_size = 2, .stride = 1});
  };
  cases.push_back({"max_unpool2d", unpool, {{1, 1, 2, 2}}});
}

static void add_norms(GradientCases& cases) {
  for (const bool training : {true, false}) {
    const auto f = [training](In x) {
      const Shape channels = x[1].shape();
      const Tensor mean = full(channels, 0.2, {.dtype = kFloat64}), var = full(channels, 1.5, {.dtype = kFloat64});
      return batch_norm(x[0], mean, var, x[1], x[2], {.training = training, .eps = 0.1});
    };
    for (const Shape& x : std::vector<Shape>{{4, 2}, {2, 2, 3}, {2, 2, 1, 2}, {2, 1, 1, 2, 2}, {0, 2}}) {
      cases.push_back({"batch_norm", f, {x, {x[1]}, {x[1]}}});
    }
    const auto with_relu = [training](In x) {
      const Shape channels = x[1].shape();
      const Tensor mean = full(channels, 0.2, {.dtype = kFloat64}), var = full(channels, 1.5, {.dtype = kFloat64});
      const BatchNormOptions options{.training = training, .eps = 0.1};
      return batch_norm_relu(x[0], mean, var, x[1], x[2], options, x.size() > 3 ? x[3] : Tensor());
    };
    for (const Shape& x : std::vector<Shape>{{4, 2}, {2, 2, 3}, {2, 2, 1, 2}, {0, 2}}) {
      cases.push_back({"batch_norm_relu", with_relu, {x, {x[1]}, {x[1]}}});
      cases.push_back({"batch_norm_relu", with_relu, {x, {x[1]}, {x[1]}, x}});
    }
    const auto pooled = [training](const MaxPool2dOptions& pooling) {
      return [training, pooling](In x) {
        const Shape channels = x[1].shape();
        const Tensor mean = full(channels, 0.2, {.dtype = kFloat64}), var = full(channels, 1.5, {.dtype = kFloat64});
        const BatchNormOptions options{.training = training, .eps = 0.1};
        return batch_norm_relu_max_pool2d(x[0], mean, var, x[1], x[2], options, pooling);
      };
    };
    cases.push_back({"batch_norm_relu_max_pool2d", pooled({.kernel_size = 2}), {{2, 2, 4, 5}, {2}, {2}}});
    cases.push_back({"batch_norm_relu_max_pool2d",
                     pooled({.kernel_size = 3, .stride = Size2(2), .padding = 1, .ceil_mode = true}),
                     {{2, 1, 4, 5}, {1}, {1}}});
  }
  const auto masked = [](In x) {
    default_generator().set_seed(5);
    return dropout(x[0], 0.4);
  };
  for (const Shape& shape : std::vector<Shape>{{}, {5}, {2, 3}, {1, 2, 2, 3}}) {
    cases.push_back({"dropout", masked, {shape}});
  }
}

static void add_losses(GradientCases& cases) {
  struct Scores {
    Shape shape;
    Tensor target;
  };
  const std::vector<Scores> all{{{3}, tensor(1)},
                                {{4, 3}, tensor({0, 2, 1, 0})},
                                {{2, 3, 2}, tensor({{0, 2}, {1, 2}})},
                                {{1, 3, 2, 2}, tensor({{0, 2}, {1, 2}}).reshape({1, 2, 2})}};
  const Tensor weight = tensor({0.5, 1.0, 2.0}).to(kFloat64);
  for (const Reduction r : {Reduction::none, Reduction::sum, Reduction::mean}) {
    for (const auto& [shape, target] : all) {
      cases.push_back({"nll_loss",
                       [=, t = target](In x) { return nll_loss(x[0], t, {.weight = weight, .reduction = r}); },
                       {shape}});
      for (const double smoothing : {0.0, 0.3}) {
        for (const Tensor& of_classes : {Tensor(), weight}) {
          const CrossEntropyOptions o{
              .weight = of_classes, .ignore_index = 0, .reduction = r, .label_smoothing = smoothing};
          cases.push_back({"cross_entropy", [=, t = target](In x) { return cross_entropy(x[0], t, o); }, {shape}});
        }
      }
    }
    cases.push_back({"cross_entropy probabilities",
                     [=](In x) { return cross_entropy(x[0], x[1], {.weight = weight, .reduction = r}); },
                     {{2, 3}, {2, 3}},
                     Domain::unit});
    cases.push_back({"mse_loss", [=](In x) { return mse_loss(x[0], x[1], r); }, {{2, 3}, {3}}});
  }
}

void add_network_cases(GradientCases& cases) {
  add_products(cases);
  add_convolutions(cases);
  add_norms(cases);
  add_losses(cases);
}

}  // namespace ebb::test
