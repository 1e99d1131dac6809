// Calls at the edge of what makes sense: sizes that wrap or that no memory holds, views that overlap, numbers that are
// none.
#include <cmath>
#include <limits>

#include "ebb/autograd/backward.h"
#include "ebb/autograd/ops.h"
#include "ebb/core/memory/allocator.h"

#include "tests/support/catch.h"
#include "tests/support/tensors.h"

using namespace ebb;
using test::leaf;
using test::Values;
using test::values;

namespace {

constexpr std::int64_t huge = std::int64_t{1} << 40, largest = std::numeric_limits<std::int64_t>::max();
constexpr double inf = std::numeric_limits<double>::infinity(), not_a_number = std::numeric_limits<double>::quiet_NaN();

Values gradient(const Tensor& y, const Tensor& x, const Tensor& dy = {}) {
  return values(grad({y}, {x}, {dy.defined() ? dy : ones_like(y)}, {.retain_graph = true})[0]);
}

Tensor indices(std::initializer_list<std::int64_t> values) { return tensor(values); }

}  // namespace

TEST_CASE("sizes that wrap, or that no memory holds, are refused") {
  const Tensor line = ones({1, 1, 3}), image = ones({1, 1, 3, 3}), wide = ones({1}).expand({std::int64_t{1} << 60});
  CHECK_THROWS_AS(interpolate(line, {.size = {huge}}), Error);
  CHECK_THROWS_AS(interpolate(image, {.size = {largest, 2}, .mode = InterpolateMode::bilinear}), Error);
  CHECK_THROWS_AS(interpolate(line, {.scale_factor = {1e300}}), Error);
  CHECK_THROWS_AS(interpolate(line, {.scale_factor = {not_a_number}}), Error);
  CHECK_THROWS_AS(adaptive_avg_pool1d(line, {huge}), Error);
  CHECK_THROWS_AS(adaptive_avg_pool2d(image, {largest, largest}), Error);
  CHECK_THROWS_AS(adaptive_max_pool1d(line, {huge}), Error);
  CHECK_THROWS_AS(repeat_interleave(line, huge, 2), Error);
  CHECK_THROWS_AS(repeat_interleave(ones({3}), indices({huge, huge, huge}), 0), Error);
  CHECK_THROWS_AS(repeat_interleave(ones({2}), indices({largest, largest}), 0), Error);
  CHECK_THROWS_AS(repeat(line, {largest, largest, 1}), Error);
  CHECK_THROWS_AS(pixel_shuffle(ones({1, 4, 2, 2}), std::int64_t{1} << 32), Error);
  CHECK_THROWS_AS(pixel_unshuffle(ones({1, 4, 2, 2}), std::int64_t{1} << 32), Error);
  CHECK_THROWS_AS(pad(line, {largest, largest}), Error);
  CHECK_THROWS_AS(pad(line, {huge, huge}, PadMode::replicate), Error);
  CHECK_THROWS_AS(flip(wide, {0}), Error);
  CHECK_THROWS_AS(wide.clone(), Error);
  CHECK_THROWS_AS(arange(largest), Error);
  CHECK_THROWS_AS(arange(0.0, 1e300), Error);
  CHECK_THROWS_AS(eye(huge), Error);
  CHECK_THROWS_AS(unfold(image, {.kernel_size = huge, .padding = huge}), Error);
  CHECK_THROWS_AS(max_pool2d(image, {.kernel_size = 3, .padding = 1, .dilation = huge}), Error);
}

TEST_CASE("arange reaches the ends of its type") {
  const Tensor top = arange(largest - 3, largest);
  CHECK(equal(top, indices({largest - 3, largest - 2, largest - 1})));
  const std::int64_t least = std::numeric_limits<std::int64_t>::min();
  CHECK(equal(arange(least, largest, largest), indices({least, -1, largest - 1})));
  CHECK(equal(arange(3, -4, -3), indices({3, 0, -3})));
}

TEST_CASE("a circular padding may crop, but not all") {
  const Tensor x = tensor({1.0, 2.0, 3.0}).view({1, 1, 3});
  CHECK_THROWS_AS(pad(x, {-3, 1}, PadMode::circular), Error);
  CHECK_THROWS_AS(pad(x, {-4, 3}, PadMode::circular), Error);
  CHECK(values(pad(x, {-1, 2}, PadMode::circular)) == Values{2, 3, 2, 3});
  CHECK(values(pad(x, {1, -1}, PadMode::circular)) == Values{2, 1, 2});
}

TEST_CASE("a view may show an element twice, and then its gradients add") {
  const Tensor x = leaf({1, 2, 3, 4});
  CHECK(gradient(as_strided(x, {3, 2}, {1, 1}, 0), x) == Values{1, 2, 2, 1});
  CHECK(gradient(as_strided(x, {3, 2}, {0, 2}, 1), x) == Values{0, 3, 0, 3});
  const Tensor twice = grad({as_strided(x * x, {3, 2}, {1, 1}, 0).sum()}, {x}, {}, {.create_graph = true})[0];
  CHECK(values(twice) == Values{2, 8, 12, 8});
  CHECK(gradient(twice.sum(), x) == Values{2, 4, 4, 2});
}

TEST_CASE("a view may leave its base, and then what lies outside has no gradient") {
  const Tensor storage = arange(10).to(kFloat64);
  const Tensor x = storage.slice(0, 4, 6).detach().requires_grad_();
  CHECK(gradient(as_strided(x, {10}, {1}, 0), x) == Values{1, 1});
  CHECK(gradient(as_strided(x, {5}, {1}, 5), x) == Values{0, 1});
}

TEST_CASE("a view of an expanded tensor shares its gradient out, as in PyTorch") {
  const Tensor x = leaf({1, 2, 3});
  CHECK(gradient(as_strided(x.expand({2, 3}), {3}, {1}, 0), x) == Values{1, 1, 1});
}

TEST_CASE("strides that are negative or wrap are refused") {
  const Tensor x = ones({4});
  constexpr std::int64_t half = std::int64_t{1} << 62;
  CHECK_THROWS_AS(as_strided(x, {2}, {-1}, 3), Error);
  CHECK_THROWS_AS(as_strided(x, {5, 5}, {half, half}, 0), Error);
  CHECK_THROWS_AS(as_strided(x, {2}, {1}, largest), Error);
  CHECK_THROWS_AS(as_strided(x, {2}, {1}, -1), Error);
}

TEST_CASE("an operand must not share elements with the target at other positions") {
  const Tensor x = tensor({{0.0, 1.0}, {2.0, 3.0}}), line = arange(6).to(kFloat32);
  CHECK_THROWS_WITH(x.add_(x.t()), ContainsSubstring("clone()"));
  CHECK_THROWS_AS(x.copy_(x.t()), Error);
  CHECK_THROWS_AS(x.mul_(x.select(0, 1)), Error);
  CHECK_THROWS_AS(line.slice(0, 1, 6).sub_(line.slice(0, 0, 5)), Error);
  CHECK_THROWS_AS(line.view({2, 3}).narrow(1, 0, 2).div_(line.view({2, 3}).narrow(1, 1, 2)), Error);
  CHECK(values(x) == Values{0, 1, 2, 3});
  CHECK(values(x.add_(x)) == Values{0, 2, 4, 6});  // the same positions
  CHECK(values(x.view({4}).add_(x.view({4}))) == Values{0, 4, 8, 12});
  CHECK(values(line.slice(0, 0, 6, 2).add_(line.slice(0, 1, 6, 2))) == Values{1, 5, 9});  // elements in between
  CHECK(values(line.slice(0, 0, 3).copy_(line.slice(0, 3, 6))) == Values{3, 9, 5});
}

TEST_CASE("quotients are rounded once") {
  const auto check_all = [](const auto& divided) {
    CHECK(values(divided(tensor({169.0, 1.0, 0.0}), 13)) == Values{13, static_cast<double>(1.0F / 13.0F), 0});
    CHECK(values(divided(tensor({0.0}), 1e-39)) == Values{0});
    CHECK(values(divided(tensor({49.0}).to(kFloat64), 49)) == Values{1});
  };
  check_all([](const Tensor& x, Scalar s) { return x / s; });
  check_all([](const Tensor& x, Scalar s) { return x.clone().div_(s); });
  CHECK(values(169 / tensor({13.0})) == Values{13});
  CHECK(values(tensor({169, 170}) / 13)[0] == 13);
  const Tensor x = leaf({2, 4});
  CHECK(gradient(8 / x, x) == Values{-2, -0.5});
}

TEST_CASE("what is ignored has no part in a loss") {
  const Tensor scores = leaf({1, 2, inf, 3, not_a_number, 1}, {2, 3});
  for (const double smoothing : {0.0, 0.1}) {
    const CrossEntropyOptions mean{.label_smoothing = smoothing};
    const Tensor usable = leaf({1, 2, 0.5, 3, 2, 1}, {2, 3});
    CHECK(gradient(cross_entropy(usable, indices({-100, -100}), mean), usable) == Values{0, 0, 0, 0, 0, 0});
    const CrossEntropyOptions none{.reduction = Reduction::none, .label_smoothing = smoothing};
    const Tensor losses = cross_entropy(scores, indices({-100, -100}), none);
    CHECK(values(losses) == Values{0, 0});
    CHECK_FALSE(std::signbit(values(losses)[0]));
    const CrossEntropyOptions sum{.reduction = Reduction::sum, .label_smoothing = smoothing};
    const Tensor half = from_values({1.0, 2.0, 0.5, 3.0, not_a_number, 1.0}, {2, 3});
    CHECK(std::isfinite(values(cross_entropy(half, indices({1, -100}), sum))[0]));
  }
}

TEST_CASE("scores that are sure of the target have a small loss, not none") {
  const Tensor scores = leaf({-30, 30}), targets = from_values({0.0, 1.0}, {2});
  const Tensor losses = binary_cross_entropy_with_logits(scores, targets, {.reduction = Reduction::none});
  const double expected = std::exp(-30.0);
  for (const double loss : values(losses)) CHECK(loss == Approx(expected).epsilon(1e-6));
  const Values slopes = gradient(losses.sum(), scores);
  CHECK(slopes[0] == Approx(expected).epsilon(1e-6));
  CHECK(slopes[1] == Approx(-expected).epsilon(1e-6));
}

TEST_CASE("probabilities beyond their bounds are refused, whatever becomes of the losses") {
  for (const double bad : {-0.1, 1.5, not_a_number}) {
    for (const Reduction r : {Reduction::none, Reduction::sum, Reduction::mean}) {
      CHECK_THROWS_AS(binary_cross_entropy(from_values({0.5, bad}, {2}), ones({2}), {.reduction = r}), Error);
    }
  }
  const Tensor of_no_target = from_values({1.0, not_a_number}, {2});
  CHECK(std::isnan(values(binary_cross_entropy(from_values({0.0, 1.0}, {2}), of_no_target, {}))[0]));
}

TEST_CASE("NaN bounds and extremes go the way of PyTorch") {
  const Tensor x = leaf({0, 0.5, 2});
  CHECK(std::isnan(values(clamp(x, not_a_number, 1.0))[1]));
  CHECK(std::isnan(values(clamp(x, 0.0, not_a_number))[1]));
  CHECK(gradient(clamp(x, not_a_number, 1.0), x) == Values{0, 0, 0});
  const Tensor a = leaf({0, not_a_number, 1, 2, not_a_number}), b = leaf({0, 1, not_a_number, 1, not_a_number});
  CHECK(gradient(maximum(a, b), a) == Values{0.5, 1, 1, 1, 1});
  CHECK(gradient(maximum(a, b), b) == Values{0.5, 1, 1, 0, 1});
  CHECK(gradient(minimum(a, b), a) == Values{0.5, 1, 1, 0, 1});
}

TEST_CASE("same padding puts its odd zero at the end of its own dimension") {
  const Tensor x = arange(12).to(kFloat32).view({1, 1, 3, 4}), w = arange(1, 7).to(kFloat32).view({1, 1, 2, 3});
  CHECK(equal(conv2d(x, w, {}, {.same_padding = true}), conv2d(pad(x, {1, 1, 0, 1}), w)));
  CHECK(
      equal(conv2d(x, w.transpose(2, 3), {}, {.same_padding = true}), conv2d(pad(x, {0, 1, 1, 1}), w.transpose(2, 3))));
}

TEST_CASE("whole powers are found in few steps, and wrap") {
  CHECK(equal(pow(indices({3, -2, 1, 0}), 3), indices({27, -8, 1, 0})));
  CHECK(equal(pow(indices({1, -1, 2}), largest), indices({1, -1, 0})));
  CHECK(equal(pow(indices({2, 5}), indices({10, 0})), indices({1024, 1})));
}

TEST_CASE("resampling to the same size copies, infinities too") {
  const Tensor x = tensor({1.0, inf, 3.0, -inf}).view({1, 1, 4});
  for (const bool align_corners : {false, true}) {
    const InterpolateOptions o{.size = {4}, .mode = InterpolateMode::linear, .align_corners = align_corners};
    CHECK(values(interpolate(x, o)) == Values{1, inf, 3, -inf});
  }
}

TEST_CASE("a grid may lead far outside") {
  const Tensor x = ones({1, 1, 4, 4}), grid = full({1, 1, 1, 2}, 1e12);
  for (const GridMode mode : {GridMode::bilinear, GridMode::nearest, GridMode::bicubic}) {
    CHECK(values(grid_sample(x, grid, {.mode = mode})) == Values{0});
    CHECK(values(grid_sample(x, grid, {.mode = mode, .padding_mode = GridPadding::border}))[0] == Approx(1));
  }
}

TEST_CASE("operands of another dtype are named") {
  const Tensor x = ones({2, 3, 4}).to(kFloat64), w = ones({3});
  CHECK_THROWS_WITH(batch_norm(x, {}, {}, w, {}, {.training = true}), ContainsSubstring("weight must be float64"));
  CHECK_THROWS_WITH(batch_norm(x.to(kFloat32), w, w, {}, w.to(kFloat64)), ContainsSubstring("bias must be float32"));
  CHECK_THROWS_WITH(embedding(ones({2}), ones({3, 4})), ContainsSubstring("int64"));
  CHECK_THROWS_WITH(embedding(tensor({true}), ones({3, 4})), ContainsSubstring("bool"));
  CHECK_THROWS_WITH(group_norm(ones({1, 2}), 2), ContainsSubstring("more than one value"));
}

TEST_CASE("a mask is counted without a copy of it") {
  const Tensor mask = gt(arange(1 << 20), 5);
  const auto peak = [&](auto&& f) {
    cpu_allocator().reset_peak();
    const std::size_t before = cpu_allocator().stats().allocated;
    f();
    return cpu_allocator().stats().peak - before;
  };
  CHECK(peak([&] { any(mask); }) < (1 << 19));
  CHECK(peak([&] { count_nonzero(mask); }) < (1 << 19));
  CHECK(peak([&] { all(mask); }) < (1 << 21));  // its opposite
}

TEST_CASE("cat skips tensors of shape (0), whatever the others are") {
  const Tensor none = zeros({0}).requires_grad_(), m = test::leaf({1, 2, 3, 4}, {2, 2}).to(kFloat32);
  const Tensor joined = cat({none, m, none}, 1);
  CHECK(values(joined) == Values{1, 2, 3, 4});
  CHECK(grad({joined.sum()}, {none})[0].shape() == Shape{0});
  CHECK(values(cat({tensor({1.0f}), zeros({0}), tensor({2.0f})})) == Values{1, 2});
  CHECK(cat({none, none}).shape() == Shape{0});
}
