#include "ebb/autograd/backward.h"
#include "ebb/autograd/ops.h"

#include "tests/support/catch.h"
#include "tests/support/files.h"
#include "tests/support/tensors.h"

using namespace ebb;
using test::leaf;
using test::message_of;
using test::Values;
using test::values;

static bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_CASE("overwriting what a gradient needs is blamed on both lines") {
  const Tensor x = leaf({1, 2});
  const Tensor y = x * 2;
  const Tensor z = y * y;
  const int used = __LINE__ - 1;
  y.add_(1);
  const int overwritten = __LINE__ - 1;
  const std::string message = message_of([&] { sum(z).backward(); });
  INFO(message);
  CHECK(contains(message, "add_ at in_place_test.cpp:" + std::to_string(overwritten)));
  CHECK(contains(message, "overwrote what mul at in_place_test.cpp:" + std::to_string(used)));
  CHECK(contains(message, "a tensor of shape [2]"));
}

TEST_CASE("a write through a view, or under no_grad, is seen too") {
  const Tensor x = leaf({1, 2, 3});
  const Tensor y = x * 2, z = sum(y * y), out = exp(x);
  y.narrow(0, 1, 1).zero_();
  CHECK(contains(message_of([&] { z.backward(); }), "overwrote what mul"));
  no_grad([&] { out.mul_(2); });
  CHECK(contains(message_of([&] { sum(out).backward(); }), "overwrote what exp"));
}

TEST_CASE("a write that no gradient needs is allowed") {
  const Tensor x = leaf({1, 2});
  const Tensor y = x + 1;
  const Tensor z = y + 2;
  y.mul_(5);
  sum(z + y).backward();
  CHECK(values(x.grad()) == Values{6, 6});
}

TEST_CASE("leaves that want a gradient are not written to") {
  const Tensor x = leaf({1, 2, 3, 4});
  CHECK(contains(message_of([&] { x.add_(1); }), "a leaf that requires a gradient"));
  CHECK(contains(message_of([&] { x.narrow(0, 0, 2).add_(1); }), "a view of a leaf that requires a gradient"));
  CHECK(values(x) == Values{1, 2, 3, 4});
  no_grad([&] { x.add_(1); });
  CHECK(values(x) == Values{2, 3, 4, 5});
  CHECK(x.is_leaf());
}

TEST_CASE("expanded tensors are not written to") {
  const Tensor x = ones({1, 3}).expand({2, 3});
  CHECK(contains(message_of([&] { x.add_(1); }), "shares elements between positions"));
}

TEST_CASE("a buffer takes no history") {
  const Tensor buffer = zeros({2}, {.dtype = kFloat64}), x = leaf({1, 2});
  buffer.body().is_buffer = true;
  CHECK(contains(message_of([&] { buffer.add_(x * 2); }), "module's buffer"));
  CHECK(contains(message_of([&] { buffer.narrow(0, 0, 1).copy_(x.narrow(0, 0, 1)); }), "module's buffer"));
  buffer.add_((x * 2).detach());
  no_grad([&] { buffer.add_(x); });
  CHECK(values(buffer) == Values{3, 6});
  CHECK_FALSE(buffer.requires_grad());
}

TEST_CASE("in-place ops differentiate") {
  const Tensor x = leaf({1, 2}), w = leaf({3, 5});
  const Tensor y = x * 1;
  y.mul_(w);
  y.add_(w, 2);
  y.div_(w);
  y.sub_(x);
  sum(y * y).backward();  // y = x + 2 - x = 2: only w's and x's paths cancel
  CHECK(values(x.grad())[0] == Approx(0).margin(1e-12));
  CHECK(values(w.grad())[1] == Approx(0).margin(1e-12));
  const Tensor z = x * 1;
  z.div_(w);
  const auto gradients = grad({sum(z)}, {x, w});
  CHECK(values(gradients[0])[1] == Approx(1.0 / 5));
  CHECK(values(gradients[1])[1] == Approx(-2.0 / 25));
}

TEST_CASE("a write to a view changes the history of its base") {
  const Tensor x = leaf({1, 2, 3, 4});
  const Tensor y = x * 2;
  const Tensor v = y.narrow(0, 1, 2);
  v.mul_(3);
  CHECK(y.grad_fn() == "copy_slices");
  sum(y * y).backward();
  CHECK(values(x.grad()) == Values{8, 144, 216, 32});
}

TEST_CASE("a write to the base changes the history of a view") {
  const Tensor x = leaf({1, 2, 3, 4});
  const Tensor y = x * 2;
  const Tensor v = y.narrow(0, 1, 2);
  y.mul_(x);
  sum(v).backward();  // 2 x^2 at two elements
  CHECK(values(x.grad()) == Values{0, 8, 12, 0});
}

TEST_CASE("views that overlap see each other's writes") {
  const Tensor x = leaf({1, 2, 3, 4});
  const Tensor y = x * 1;
  const Tensor left = y.narrow(0, 0, 3), right = y.narrow(0, 1, 3);
  left.mul_(2);
  right.mul_(5);
  left.mul_(7);
  CHECK(values(y) == Values{14, 140, 210, 20});
  sum(right).backward();
  CHECK(values(x.grad()) == Values{0, 70, 70, 5});
}

TEST_CASE("a view of a view, transposed, and a copy into it") {
  const Tensor x = leaf({1, 2, 3, 4, 5, 6}, {2, 3}), w = leaf({10, 20});
  const Tensor y = x * 1;
  const Tensor column = y.t().select(0, 2);  // elements 3 and 6
  column.copy_(w * w);
  CHECK(values(y) == Values{1, 2, 100, 4, 5, 400});
  sum(y * y).backward();
  CHECK(values(x.grad()) == Values{2, 4, 0, 8, 10, 0});
  CHECK(values(w.grad()) == Values{4000, 32000});
}

TEST_CASE("a fresh tensor takes history through a view") {
  const Tensor x = leaf({2, 3});
  const Tensor y = zeros({4}, {.dtype = kFloat64});
  y.narrow(0, 1, 2).copy_(x * x);
  REQUIRE(y.requires_grad());
  sum(y * y).backward();
  CHECK(values(x.grad()) == Values{32, 108});  // 4 x^3
}

TEST_CASE("fill_ and zero_ cut the region off") {
  const Tensor x = leaf({1, 2, 3});
  const Tensor y = x * x;
  y.narrow(0, 0, 1).zero_();
  y.select(0, 1).fill_(7);
  sum(y).backward();
  CHECK(values(x.grad()) == Values{0, 0, 6});
}

TEST_CASE("in-place on a view differentiates twice") {
  const Tensor x = leaf({1, 2, 3});
  const Tensor y = x * x;
  y.narrow(0, 1, 2).mul_(x.narrow(0, 0, 2));
  const Tensor dx = grad({sum(y * y)}, {x}, {}, {.create_graph = true})[0];
  // f = a^4 + b^4 a^2 + c^4 b^2
  CHECK(values(dx) == Values{4 + 32, 32 + 324, 432});
  CHECK(values(grad({sum(dx)}, {x})[0]) == Values{12 + 32 + 64, 64 + 48 + 162 + 432, 432 + 432});
}

TEST_CASE("the view that was written keeps the op that wrote it, other views are linked anew") {
  const Tensor x = leaf({1, 2, 3});
  const Tensor y = x * 1, written = y.narrow(0, 0, 2), other = y.narrow(0, 1, 2);
  written.mul_(2);
  CHECK(written.grad_fn() == "mul_");
  CHECK(other.grad_fn() == "as_strided");
  CHECK(y.grad_fn() == "copy_slices");
}

TEST_CASE("a tensor may be multiplied with itself in place") {
  const Tensor x = leaf({2, 3});
  const Tensor y = x * 1, z = x * 1;
  y.mul_(y);
  CHECK(values(grad({sum(y)}, {x})[0]) == Values{4, 6});
  z.div_(z);
  CHECK(values(grad({sum(z)}, {x})[0]) == Values{0, 0});
}

TEST_CASE("relu_ keeps its gradient") {
  const Tensor x = leaf({-1, 2, -3, 4});
  const Tensor y = x * 3;
  relu_(y.narrow(0, 0, 2));
  sum(y * 2).backward({}, true);
  CHECK(values(x.grad()) == Values{0, 6, 6, 6});
  relu_(y);  // writes to what the first one kept
  CHECK(contains(message_of([&] { sum(y).backward(); }), "overwrote what relu_"));
}

TEST_CASE("an in-place result must fit") {
  const Tensor whole = arange(3), x = zeros({3}), wide = zeros({2, 3});
  CHECK_THROWS_AS(whole.add_(0.5), Error);
  CHECK_THROWS_AS(whole.div_(2), Error);
  CHECK_THROWS_AS(whole.mul_(x), Error);
  CHECK_THROWS_AS(x.add_(wide), Error);
  CHECK_THROWS_AS(x.copy_(wide), Error);
  CHECK_NOTHROW(wide.add_(x));
  whole.copy_(tensor({1.9, -1.9, 3.0}));
  CHECK(values(whole) == Values{1, -1, 3});
}
