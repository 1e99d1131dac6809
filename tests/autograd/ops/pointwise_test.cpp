#include <cmath>
#include <limits>

#include "ebb/autograd/backward.h"
#include "ebb/autograd/gradcheck.h"
#include "ebb/autograd/ops.h"

#include "tests/support/catch.h"
#include "tests/support/tensors.h"

using namespace ebb;
using test::leaf;
using test::Values;
using test::values;

static const double infinity = std::numeric_limits<double>::infinity();
static const double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// Values at, and gradients at, these points.
struct At {
  Values y, dy;
};

template <class F>
static At at(F f, std::initializer_list<double> points) {
  const Tensor x = tensor(points).to(kFloat64).requires_grad_();
  const Tensor y = f(x);
  sum(y).backward();
  return {values(y), values(x.grad())};
}

static void check_values(const Values& got, const Values& expected) {
  REQUIRE(got.size() == expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) CHECK(got[i] == Approx(expected[i]).margin(1e-12));
}

static void check_at(const At& got, const At& expected) {
  check_values(got.y, expected.y);
  check_values(got.dy, expected.dy);
}

TEST_CASE("activations far from 0: their lines, never NaN") {
  const auto far = {-1000.0, 1000.0};
  check_at(at([](auto& x) { return softplus(x); }, far), {{0, 1000}, {0, 1}});
  check_at(at([](auto& x) { return softplus(x, 1, 1e9); }, far), {{0, 1000}, {0, 1}});
  check_at(at([](auto& x) { return logsigmoid(x); }, far), {{-1000, 0}, {1, 0}});
  check_at(at([](auto& x) { return silu(x); }, far), {{0, 1000}, {0, 1}});
  check_at(at([](auto& x) { return mish(x); }, far), {{0, 1000}, {0, 1}});
  check_at(at([](auto& x) { return gelu(x); }, far), {{0, 1000}, {0, 1}});
  check_at(at([](auto& x) { return gelu(x, GeluApproximation::tanh); }, far), {{0, 1000}, {0, 1}});
  check_at(at([](auto& x) { return elu(x, 2); }, far), {{-2, 1000}, {0, 1}});
  check_at(at([](auto& x) { return celu(x, 2); }, far), {{-2, 1000}, {0, 1}});
  check_at(at([](auto& x) { return hardswish(x); }, far), {{0, 1000}, {0, 1}});
  check_at(at([](auto& x) { return hardsigmoid(x); }, far), {{0, 1}, {0, 0}});
  check_at(at([](auto& x) { return hardtanh(x); }, {-infinity, 0.5, infinity}), {{-1, 0.5, 1}, {0, 1, 0}});
}

TEST_CASE("the gradient that an in-place activation keeps is that of the other form") {
  const auto by = [](auto f) {
    const Tensor x = leaf({-2, -0.5, 0.25, 4}), y = x * 1;
    const Tensor z = f(y);
    sum(z * z).backward();
    Values all = values(z);
    for (const double g : values(x.grad())) all.push_back(g);
    return all;
  };
  CHECK(by([](auto& y) { return leaky_relu_(y, 0.5); }) == Values{-1, -0.25, 0.25, 4, -1, -0.25, 0.5, 8});
  CHECK(by([](auto& y) { return hardtanh_(y); }) == Values{-1, -0.5, 0.25, 1, 0, -1, 0.5, 0});
  CHECK(by([](auto& y) { return silu_(y); }) == by([](auto& y) { return silu(y); }));
  CHECK(by([](auto& y) { return elu_(y); }) == by([](auto& y) { return elu(y); }));
  CHECK(values(hardtanh(tensor({-9, 0, 9}), -2, 3)) == Values{-2, 0, 3});
}

TEST_CASE("a product's gradient is right where there are zeros") {
  const auto gradient = [](std::initializer_list<double> points) {
    return at([](auto& x) { return prod(x); }, points).dy;
  };
  CHECK(gradient({0, 2, 3}) == Values{6, 0, 0});
  CHECK(gradient({0, 0, 3}) == Values{0, 0, 0});
  CHECK(gradient({2, 3, 4, 5, 6}) == Values{360, 240, 180, 144, 120});
  const Tensor x = tensor({{0.0, 2.0, 3.0}, {0.0, 0.0, 4.0}, {1.0, 0.0, 0.0}}).to(kFloat64).requires_grad_();
  const auto rows = [](std::span<const Tensor> in) { return prod(in[0], 1); };
  CHECK(gradcheck(rows, {x}));
  CHECK(gradgradcheck(rows, {x}));
  CHECK(values(prod(tensor({true, true}))) == Values{1});
  CHECK(values(prod(ones({0, 2}), 0)) == Values{1, 1});
}

TEST_CASE("where a norm or a deviation is 0, so is its gradient") {
  for (const double p : {0.5, 1.0, 1.5, 2.0, 3.0, infinity}) {
    check_at(at([p](auto& x) { return norm(x, p); }, {0, 0}), {{0}, {0, 0}});
  }
  check_at(at([](auto& x) { return norm(x); }, {0, 3, -4}), {{5}, {0, 0.6, -0.8}});
  check_at(at([](auto& x) { return norm(x, -1); }, {0, 1, -1}), {{0}, {0, 0, 0}});
  check_at(at([](auto& x) { return ebb::std(x); }, {7, 7, 7}), {{0}, {0, 0, 0}});
  check_at(at([](auto& x) { return normalize(x, 2, 0, 10); }, {0, 3}), {{0, 0.3}, {0.1, 0.1}});
}

TEST_CASE("logsumexp neither overflows nor underflows") {
  check_at(at([](auto& x) { return logsumexp(x); }, {1000, 1000}), {{1000 + std::log(2)}, {0.5, 0.5}});
  check_at(at([](auto& x) { return logsumexp(x); }, {-1000, -1000}), {{-1000 + std::log(2)}, {0.5, 0.5}});
  CHECK(values(logsumexp(tensor({-infinity, -infinity}))) == Values{-infinity});
  CHECK(values(logsumexp(zeros({0, 2}), {0})) == Values{-infinity, -infinity});
}

TEST_CASE("sort: NaN is the greatest, equal elements keep their order") {
  const Tensor x = tensor({2.0, not_a_number, 1.0, infinity, 1.0, -infinity});
  CHECK(values(argsort(x)) == Values{5, 2, 4, 0, 3, 1});
  CHECK(values(argsort(x, 0, true)) == Values{1, 3, 0, 2, 4, 5});
  CHECK(values(topk(x, 2).indices) == Values{1, 3});
  CHECK(values(topk(x, 3, 0, false).values) == Values{-infinity, 1, 1});
  const Tensor many = remainder(arange(20000) * 7919, 20011);  // 20011 is a prime: all differ
  const auto [up, from] = sort(many);
  CHECK(all(gt(up.narrow(0, 1, 19999), up.narrow(0, 0, 19999))).item<bool>());
  CHECK(values(sort(from).values) == values(arange(20000)));
  CHECK(values(sort(many, 0, true).indices)[0] == values(from).back());
}

TEST_CASE("cumsum keeps the digits of long sums, and integers") {
  const Tensor y = cumsum(full({1 << 20}, 0.1f), 0);
  CHECK(values(y.narrow(0, (1 << 20) - 1, 1))[0] == Approx(0.1f * (1 << 20)).epsilon(1e-6));
  CHECK(values(cumsum(tensor({{true, true}, {false, true}}), 0)) == Values{1, 1, 1, 2});
  CHECK(values(cumsum(tensor({{1, 2}, {3, 4}}).t(), 1)) == Values{1, 4, 2, 6});
}

TEST_CASE("remainders have the sign of the first operand, or of the second") {
  const Tensor a = tensor({-5, 5, -5, 5, 6}), b = tensor({3, -3, -3, 3, -3});
  CHECK(values(fmod(a, b)) == Values{-2, 2, -2, 2, 0});
  CHECK(values(remainder(a, b)) == Values{1, -1, -2, 2, 0});
  CHECK(values(fmod(a.to(kFloat32), b.to(kFloat32))) == Values{-2, 2, -2, 2, 0});
  CHECK(values(remainder(a, 2.5)) == Values{0, 0, 0, 0, 1});
  CHECK(values(remainder(tensor({std::numeric_limits<std::int64_t>::min()}), -1)) == Values{0});
}

TEST_CASE("reductions to truth") {
  const Tensor x = tensor({{0.0, not_a_number}, {0.0, 0.0}});
  CHECK(values(any(x, {1})) == Values{1, 0});
  CHECK(values(all(x, {0})) == Values{0, 0});
  CHECK(values(count_nonzero(x)) == Values{1});
  CHECK(values(all(ones({0}))) == Values{1});
  CHECK(values(any(ones({0}))) == Values{0});
  CHECK(values(isfinite(tensor({infinity, not_a_number, 1.0}))) == Values{0, 0, 1});
  CHECK(values(isinf(tensor({-infinity, not_a_number, 1.0}))) == Values{1, 0, 0});
}
