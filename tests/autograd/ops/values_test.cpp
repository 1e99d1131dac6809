#include <cmath>
#include <span>

#include "ebb/autograd/backward.h"
#include "ebb/autograd/ops.h"

#include "tests/autograd/ops/gradient_cases.h"
#include "tests/support/catch.h"
#include "tests/support/files.h"
#include "tests/support/tensors.h"

using namespace ebb;
using test::sample;
using test::Values;
using test::values;

/// An input of one kind, and a dense copy of it.
static void check_kind(const test::GradientCase& c, const test::InputKind& kind, DType dtype) {
  std::vector<Tensor> strided, dense;
  for (const Shape& shape : c.shapes) {
    const bool fits = kind.fits(shape);
    const Tensor base = sample(fits ? kind.base(shape) : shape, c.domain, strided.size() + 1).to(dtype);
    const Tensor view = fits ? kind.view(base) : base;
    strided.push_back(view.shape() == shape ? view : view.expand(shape));
    dense.push_back(empty(shape, {.dtype = dtype}).copy_(strided.back()));
  }
  const Tensor got = c.f(strided), expected = c.f(dense);
  INFO(c.op << " of " << c.shapes[0] << ", " << kind.name);
  REQUIRE(got.shape() == expected.shape());
  CHECK(allclose(got, expected, 1e-5, 1e-6));
}

TEST_CASE("how an input lies in memory changes no value") {
  for (const auto& c : test::gradient_cases()) {
    if (c.op == "dropout") continue;  // draws its mask in the order of memory
    const bool has_float64_constants =
        c.op.starts_with("batch_norm") || c.op == "nll_loss" || c.op.starts_with("cross_entropy");
    for (const auto& kind : test::input_kinds()) {
      check_kind(c, kind, kFloat64);
      if (!has_float64_constants) check_kind(c, kind, kFloat32);
    }
  }
}

static double at(const Tensor& x, std::initializer_list<std::int64_t> index) {
  Tensor element = x;
  for (const std::int64_t i : index) element = element[i];
  return element.item<double>();
}

TEST_CASE("conv2d is the sum that defines it") {
  const Tensor x = sample({2, 4, 6, 5}, test::Domain::real, 1), w = sample({6, 2, 3, 2}, test::Domain::real, 2);
  const Tensor bias = sample({6}, test::Domain::real, 3);
  const Tensor y = conv2d(x, w, bias, {.stride = {2, 1}, .padding = {1, 2}, .dilation = {1, 2}, .groups = 2});
  REQUIRE(y.shape() == Shape{2, 6, 3, 7});
  for (std::int64_t o = 0; o < 6; ++o) {
    for (std::int64_t h = 0; h < 3; ++h) {
      for (std::int64_t v = 0; v < 7; ++v) {
        double expected = at(bias, {o});
        for (std::int64_t c = 0; c < 2; ++c) {
          for (std::int64_t k = 0; k < 6; ++k) {
            const std::int64_t row = h * 2 - 1 + k / 2, column = v - 2 + k % 2 * 2;
            const bool inside = row >= 0 && row < 6 && column >= 0 && column < 5;
            if (inside) expected += at(x, {1, o / 3 * 2 + c, row, column}) * at(w, {o, c, k / 2, k % 2});
          }
        }
        CHECK(at(y, {1, o, h, v}) == Approx(expected));
      }
    }
  }
}

TEST_CASE("batch norm in training: statistics of the batch, unbiased ones remembered") {
  const Tensor x = tensor({{1.0, 10.0}, {3.0, 10.0}, {8.0, 40.0}}).to(kFloat64);
  const Tensor mean = zeros({2}, {.dtype = kFloat64}), var = ones({2}, {.dtype = kFloat64});
  const Tensor y = batch_norm(x, mean, var, {}, {}, {.training = true, .momentum = 0.25, .eps = 0});
  CHECK(values(mean) == Values{1, 5});
  CHECK(values(var)[0] == Approx(0.75 + 0.25 * 13));  // deviations -3, -1, 4: 26 / 2
  CHECK(values(var)[1] == Approx(0.75 + 0.25 * 300));
  CHECK(at(y, {0, 0}) == Approx(-3 / std::sqrt(26.0 / 3)));
  CHECK(at(y, {2, 1}) == Approx(20 / std::sqrt(200.0)));
  const Tensor evaluated = batch_norm(x, mean, var, {}, {}, {.eps = 0});
  CHECK(at(evaluated, {2, 1}) == Approx(35 / std::sqrt(75.75)));
}

TEST_CASE("batch norm with a residual and a ReLU at once is what its parts are, to the last bit") {
  manual_seed(3);
  for (const bool training : {true, false}) {
    for (const bool has_residual : {true, false}) {
      const Tensor given = randn({3, 5, 4, 6}), added = randn({3, 5, 4, 6}), dy = randn({3, 5, 4, 6});
      const Tensor w = randn({5}), b = randn({5});
      const auto outcome = [&](bool at_once) {
        const auto leaf = [](const Tensor& t) { return t.clone().requires_grad_(); };
        const std::vector<Tensor> in = {leaf(given), leaf(w), leaf(b), leaf(added)};
        const Tensor mean = zeros({5}), var = ones({5}), residual = has_residual ? in[3] : Tensor();
        const BatchNormOptions o{.training = training};
        Tensor y;
        if (at_once) {
          y = batch_norm_relu(in[0], mean, var, in[1], in[2], o, residual);
        } else {
          y = batch_norm(in[0], mean, var, in[1], in[2], o);
          y = relu(has_residual ? y + residual : y);
        }
        y.backward(dy);
        std::vector<Tensor> all = {y.detach(), mean, var, in[0].grad(), in[1].grad(), in[2].grad()};
        if (has_residual) all.push_back(in[3].grad());
        return all;
      };
      const std::vector<Tensor> expected = outcome(false), made = outcome(true);
      for (std::size_t i = 0; i < expected.size(); ++i) CHECK(equal(made[i], expected[i]));
    }
  }
}

static void check_pooled_norm(const MaxPool2dOptions& pooling, std::int64_t channels, DType dtype,
                              MemoryFormat format) {
  const DType of_norm = opmath_type(dtype);
  const Tensor given = randn({3, channels, 11, 10}).to(dtype), w = randn({channels}).to(of_norm),
               b = randn({channels}).to(of_norm);
  w[0].fill_(0);  // then all elements of a channel are alike, and the first of each window is chosen
  Tensor dy;
  const auto outcome = [&](bool at_once) {
    const std::vector<Tensor> in = {contiguous(given.clone(), format).detach().requires_grad_(),
                                    w.clone().requires_grad_(), b.clone().requires_grad_()};
    const Tensor mean = zeros(w.shape()), var = ones(w.shape()), count = zeros({}, {.dtype = kInt64});
    const BatchNormOptions o{.training = true, .num_batches_tracked = count};
    const Tensor y = at_once ? batch_norm_relu_max_pool2d(in[0], mean, var, in[1], in[2], o, pooling)
                             : max_pool2d(batch_norm_relu(in[0], mean, var, in[1], in[2], o), pooling);
    if (!dy.defined()) dy = randn(y.shape()).to(dtype);
    y.backward(dy);
    return std::vector<Tensor>{y.detach(), mean, var, count, in[0].grad(), in[1].grad(), in[2].grad()};
  };
  const std::vector<Tensor> expected = outcome(false), made = outcome(true);
  for (std::size_t i = 0; i < 4; ++i) CHECK(equal(made[i], expected[i]));
  const double tolerance = dtype == kFloat64 ? 1e-12 : 1e-5;  // the sums of gradients come in another order
  for (std::size_t i = 4; i < expected.size(); ++i) {
    CHECK(allclose(made[i].to(kFloat64), expected[i].to(kFloat64), tolerance, tolerance));
  }
}

TEST_CASE("batch norm, ReLU and max pooling at once are what the two ops are") {
  manual_seed(4);
  const std::vector<MaxPool2dOptions> poolings = {
      {.kernel_size = 2},
      {.kernel_size = 3, .stride = Size2(2), .padding = 1},
      {.kernel_size = {2, 3}, .stride = Size2(3, 1), .padding = {1, 0}, .ceil_mode = true},
      {.kernel_size = 5, .stride = Size2(1), .padding = 2},
      {.kernel_size = {17, 16}, .stride = Size2(1), .padding = {8, 8}},  // whose places no byte holds
      {.kernel_size = 2, .dilation = 3}};
  for (const MaxPool2dOptions& pooling : poolings) {
    for (const std::int64_t channels : {1, 8, 37}) {
      for (const DType dtype : {kFloat32, kFloat64, kBFloat16}) {
        for (const MemoryFormat format : {MemoryFormat::contiguous, MemoryFormat::channels_last}) {
          CAPTURE(pooling.kernel_size.height, channels, dtype, format == MemoryFormat::contiguous);
          check_pooled_norm(pooling, channels, dtype, format);
        }
      }
    }
  }
}

TEST_CASE("batch norm, ReLU and max pooling at once are differentiated twice, whichever operands are") {
  const Tensor given = randn({2, 3, 4, 4}, {.dtype = kFloat64}), dy = randn({2, 3, 2, 2}, {.dtype = kFloat64});
  for (const int wanted : {1, 2, 3, 4, 5, 6, 7}) {
    const auto outcome = [&](bool at_once) {
      std::vector<Tensor> in{given.clone(), full({3}, 1.5, {.dtype = kFloat64}), full({3}, 0.5, {.dtype = kFloat64})};
      std::vector<Tensor> of;
      for (std::size_t i = 0; i < in.size(); ++i) {
        if ((wanted >> i) % 2 == 1) of.push_back(in[i].requires_grad_());
      }
      const BatchNormOptions o{.training = true};
      const Tensor y = at_once ? batch_norm_relu_max_pool2d(in[0], {}, {}, in[1], in[2], o, {.kernel_size = 2})
                               : max_pool2d(batch_norm_relu(in[0], {}, {}, in[1], in[2], o), {.kernel_size = 2});
      const std::vector<Tensor> first = grad(std::span(&y, 1), of, std::span(&dy, 1), {.create_graph = true});
      Tensor sum = zeros({}, {.dtype = kFloat64});
      for (const Tensor& g : first) sum = sum + square(g).sum();
      std::vector<Tensor> all = first;
      if (sum.requires_grad()) {
        for (const Tensor& g : grad(std::span(&sum, 1), of, {}, {.allow_unused = true})) all.push_back(g);
      }
      return all;
    };
    const std::vector<Tensor> expected = outcome(false), made = outcome(true);
    REQUIRE(made.size() == expected.size());
    for (std::size_t i = 0; i < made.size(); ++i) {
      CAPTURE(wanted, i);
      REQUIRE(made[i].defined() == expected[i].defined());
      if (made[i].defined()) CHECK(allclose(made[i], expected[i], 1e-9, 1e-9));
    }
  }
}

TEST_CASE("batch norm, ReLU and max pooling at once refuse what they must") {
  const Tensor x = randn({2, 3, 4, 4}), mean = zeros({3}), var = ones({3});
  const auto refusal = [&](const Tensor& of, const MaxPool2dOptions& pooling, const BatchNormOptions& o = {true}) {
    return test::message_of([&] { batch_norm_relu_max_pool2d(of, mean, var, {}, {}, o, pooling); });
  };
  CHECK_THAT(refusal(randn({2, 3, 4}), {.kernel_size = 2}), ContainsSubstring("(N, C, H, W)"));
  CHECK_THAT(refusal(randn({2, 4, 4, 4}), {.kernel_size = 2}), ContainsSubstring("running_mean"));
  CHECK_THAT(refusal(x, {.kernel_size = 0}), ContainsSubstring("kernel_size"));
  CHECK_THAT(refusal(x, {.kernel_size = 2, .padding = 2}), ContainsSubstring("half"));
  CHECK_THAT(refusal(x, {.kernel_size = 5}), ContainsSubstring("window"));
  CHECK_THAT(refusal(randn({1, 3, 1, 1}), {.kernel_size = 1}), ContainsSubstring("more than one value"));
  CHECK_THAT(refusal(x, {.kernel_size = 2}, {.training = true, .num_batches_tracked = ones({})}),
             ContainsSubstring("num_batches_tracked"));
  CHECK(values(mean) == Values{0, 0, 0});
}

TEST_CASE("the variance of large numbers that are close does not cancel") {
  const Tensor x = tensor({10000.0, 10001.0, 10002.0});
  CHECK(values(var(x)) == Values{1});
  const Tensor y = batch_norm(x.reshape({3, 1}), {}, {}, {}, {}, {.training = true, .eps = 0});
  CHECK(at(y, {0, 0}) == Approx(-std::sqrt(1.5)).epsilon(1e-6));
}

TEST_CASE("softmax and cross entropy of extreme scores") {
  const Tensor x = tensor({{1000.0, 0.0}, {-1000.0, 0.0}});
  CHECK(values(softmax(x, 1)) == Values{1, 0, 0, 1});
  CHECK(values(log_softmax(x, 1)) == Values{0, -1000, -1000, 0});
  CHECK(values(cross_entropy(x, tensor({1, 0}), {.reduction = Reduction::none})) == Values{1000, 1000});
  CHECK(values(cross_entropy(zeros({2, 8}), tensor({3, 5})))[0] == Approx(std::log(8.0)));
}

TEST_CASE("long sums keep their digits") {
  const Tensor x = full({1 << 20}, 0.1f);
  CHECK(values(sum(x))[0] == Approx(0.1f * (1 << 20)).epsilon(1e-6));
  CHECK(values(sum(x.reshape({1 << 10, 1 << 10}), {0}))[17] == Approx(0.1f * 1024).epsilon(1e-6));
  CHECK(values(sum(ones({1 << 25}, {.dtype = kBool}))) == Values{1 << 25});
}

TEST_CASE("the first of equal elements is the greatest") {
  const Tensor x = tensor({{1, 3, 3}, {2, 2, 0}});
  CHECK(values(argmax(x, 1)) == Values{1, 0});
  CHECK(values(argmin(x, 0)) == Values{0, 1, 1});
  CHECK(values(argmax(x)) == Values{1});
  const auto [best, where] = max(x, 0, true);
  CHECK(values(best) == Values{2, 3, 3});
  CHECK(values(where) == Values{1, 0, 0});
}

TEST_CASE("dropout keeps the expectation, and its gradient the mask") {
  manual_seed(3);
  const Tensor x = ones({100, 100}, {.requires_grad = true});
  const Tensor y = dropout(x, 0.25);
  y.backward(ones_like(y));
  CHECK(equal(x.grad(), y.detach()));
  const double kept = values(sum(ne(y, 0)))[0];
  CHECK(kept == Approx(7500).margin(5 * std::sqrt(1875)));  // five standard deviations
  CHECK(values(amax(y)) == Values{static_cast<double>(1 / 0.75f)});
  CHECK(dropout(x, 0.25, false).is_same(x));
  CHECK(values(sum(dropout(x, 1.0))) == Values{0});
}
