#include <array>

#include "ebb/autograd/backward.h"
#include "ebb/autograd/ops.h"
#include "ebb/core/memory/allocator.h"

#include "tests/support/catch.h"
#include "tests/support/files.h"
#include "tests/support/tensors.h"

using namespace ebb;
using test::leaf;
using test::message_of;
using test::Values;
using test::values;

TEST_CASE("backward adds to the grad of each leaf") {
  const Tensor x = leaf({1, 2, 3}), y = leaf({4, 5, 6});
  sum(x * y + x).backward();
  CHECK(values(x.grad()) == Values{5, 6, 7});
  CHECK(values(y.grad()) == Values{1, 2, 3});
  sum(x).backward();
  CHECK(values(x.grad()) == Values{6, 7, 8});
  x.set_grad({});
  CHECK_FALSE(x.grad().defined());
}

TEST_CASE("who holds a grad sees it grow") {
  const Tensor x = leaf({1, 2});
  sum(x * 2).backward();
  const Tensor held = x.grad();
  sum(x * 3).backward();
  CHECK(values(held) == Values{5, 5});
}

TEST_CASE("the grad of a leaf is its own") {
  const Tensor x = leaf({1, 2}), y = leaf({3, 4});
  const Tensor start = ones({2}, {.dtype = kFloat64});
  (x + y).backward(start);
  x.grad().mul_(10);
  CHECK(values(y.grad()) == Values{1, 1});
  CHECK(values(start) == Values{1, 1});
}

TEST_CASE("a tensor that is used several times gets the sum") {
  const Tensor x = leaf({3});
  const Tensor y = x * x;
  sum(y * x + y).backward();
  CHECK(values(x.grad()) == Values{27 + 6});
}

TEST_CASE("backward starts from a given gradient") {
  const Tensor x = leaf({1, 2});
  const Tensor y = x * x;
  CHECK(message_of([&] { y.backward(); }).find("reduce it with sum() or mean(), or pass a gradient") !=
        std::string::npos);
  y.backward(leaf({10, 100}).detach());
  CHECK(values(x.grad()) == Values{20, 400});
  CHECK_THROWS_AS((x * x).backward(ones({3}, {.dtype = kFloat64})), Error);
  CHECK_THROWS_AS((x * x).backward(ones({2})), Error);
  CHECK_THROWS_AS(x.detach().backward(), Error);
}

TEST_CASE("several roots run in one pass") {
  const Tensor x = leaf({1, 2});
  const Tensor a = sum(x * 10), b = sum(x * 1000), shared = x * x;
  const std::array outputs{a, b, sum(shared), sum(shared * 3)};
  const std::array<Tensor, 4> gradients;
  backward(outputs, gradients);
  CHECK(values(x.grad()) == Values{1010 + 8, 1010 + 16});
  CHECK_THROWS_AS(backward(std::array{a}, std::array<Tensor, 2>{}), Error);
}

TEST_CASE("a second backward needs what the first one let go") {
  const Tensor x = leaf({1, 2});
  const Tensor y = sum(x * x);
  y.backward();
  const std::string message = message_of([&] { y.backward(); });
  CHECK(message.find("pass retain_graph = true to the first backward()") != std::string::npos);
  const Tensor z = sum(x * x);
  z.backward({}, true);
  z.backward();
  CHECK(values(x.grad()) == Values{6, 12});
}

TEST_CASE("a second backward is fine where nothing was saved") {
  const Tensor x = leaf({1, 2});
  const Tensor y = sum(x + x);
  y.backward();
  y.backward();
  CHECK(values(x.grad()) == Values{4, 4});
}

TEST_CASE("grad leaves the grad of leaves alone") {
  const Tensor x = leaf({1, 2}), y = leaf({3, 4});
  const auto gradients = grad({sum(x * y)}, {x, y});
  CHECK(values(gradients[0]) == Values{3, 4});
  CHECK(values(gradients[1]) == Values{1, 2});
  CHECK_FALSE(x.grad().defined());
}

TEST_CASE("grad reaches tensors in the middle") {
  const Tensor x = leaf({2});
  const Tensor y = x * x, z = y * y;
  const auto gradients = grad({z}, {y, x, z});
  CHECK(values(gradients[0]) == Values{8});
  CHECK(values(gradients[1]) == Values{32});
  CHECK(values(gradients[2]) == Values{1});
}

TEST_CASE("grad of an unused input") {
  const Tensor x = leaf({2}), unused = leaf({3});
  CHECK(message_of([&] { grad({x * x}, {x, unused}); }).find("no output depends on input 1") != std::string::npos);
  const auto gradients = grad({x * x}, {x, unused}, {}, {.allow_unused = true});
  CHECK(values(gradients[0]) == Values{4});
  CHECK_FALSE(gradients[1].defined());
  CHECK_THROWS_AS(grad({x * x}, {unused.detach()}), Error);
}

TEST_CASE("create_graph makes gradients that can be differentiated") {
  const Tensor x = leaf({2});
  Tensor y = x * x * x * x;
  for (const double expected : {32.0, 48.0, 48.0, 24.0}) {  // 4 x^3, 12 x^2, 24 x, 24 at 2
    y = grad({y}, {x}, {}, {.create_graph = true})[0];
    CHECK(values(y) == Values{expected});
  }
  CHECK(values(grad({y * x}, {x})[0]) == Values{24});
}

TEST_CASE("backward with create_graph leaves a grad with history") {
  const Tensor x = leaf({3});
  (x * x * x).backward({}, false, true);
  REQUIRE(x.grad().requires_grad());
  CHECK(values(x.grad()) == Values{27});
  const Tensor second = grad({x.grad()}, {x})[0];
  CHECK(values(second) == Values{18});
}

// LeakSanitizer is the judge: a gradient hangs in a graph that leads back to its leaf.
TEST_CASE("a gradient with a history dies with its leaf, also by way of views") {
  const Tensor x = leaf({1, 2});
  sum(x.view({2, 1}) * x * x.exp()).backward({}, false, true);
  sum(x.grad() * x).backward({}, false, true);
  CHECK(x.grad().requires_grad());
  const Tensor copy = x.grad();
  CHECK(grad({sum(copy)}, {x})[0].defined());
}

TEST_CASE("a gradient that arrives for a leaf that is gone is dropped") {
  const Tensor y = [] { return leaf({1}) * 2; }();
  CHECK_NOTHROW(y.backward());
}

TEST_CASE("hooks see and replace gradients") {
  const Tensor x = leaf({1, 2});
  const Tensor y = x * 3;
  std::vector<Values> seen;
  y.register_hook([&](const Tensor& g) {
    seen.push_back(values(g));
    return Tensor();
  });
  y.register_hook([](const Tensor& g) { return g * 10; });
  x.register_hook([&](const Tensor& g) {
    seen.push_back(values(g));
    return g + 1;
  });
  sum(y * y).backward();
  CHECK(seen == std::vector<Values>{{6, 12}, {180, 360}});
  CHECK(values(x.grad()) == Values{181, 361});
}

TEST_CASE("a hook that returns a gradient of another shape is named") {
  const Tensor w = ones({2}).requires_grad_(), y = w * 2;
  y.register_hook([](const Tensor&) { return ones({5}); });
  CHECK_THROWS_WITH(y.sum().backward(), ContainsSubstring("a hook that replaces a gradient") &&
                                            ContainsSubstring("[2]") && ContainsSubstring("[5]"));
}

TEST_CASE("retain_grad keeps what would be let go") {
  const Tensor x = leaf({1, 2});
  const Tensor y = x * 3, z = y * y;
  y.retain_grad();
  sum(z).backward();
  CHECK(values(y.grad()) == Values{6, 12});
  CHECK_FALSE(z.grad().defined());
}

TEST_CASE("nothing is recorded under NoGradGuard, and recording comes back") {
  const Tensor x = leaf({1, 2});
  {
    const NoGradGuard no_grad;
    CHECK_FALSE((x * 2).requires_grad());
    const GradMode again(true);
    CHECK((x * 2).requires_grad());
  }
  CHECK(is_grad_enabled());
  CHECK_THROWS(no_grad([&] { fail("inside"); }));
  CHECK(is_grad_enabled());
  CHECK_FALSE(no_grad([&] { return x * 2; }).requires_grad());
}

TEST_CASE("leaves and those that are none") {
  const Tensor x = leaf({1, 2}), y = x * 2;
  CHECK(x.is_leaf());
  CHECK_FALSE(y.is_leaf());
  CHECK(y.grad_fn() == "mul");
  CHECK(y.detach().is_leaf());
  CHECK_FALSE(y.detach().requires_grad());
  CHECK(message_of([&] { y.requires_grad_(false); }).find("made by mul") != std::string::npos);
  CHECK_THROWS_AS(arange(3).requires_grad_(), Error);
  x.requires_grad_(false);
  CHECK_FALSE((x * 2).requires_grad());
}

TEST_CASE("an exception in the middle of backward leaves the engine usable") {
  const Tensor x = leaf({1, 2});
  const Tensor y = x * 3;
  bool fails = true;
  y.register_hook([&](const Tensor&) {
    if (fails) throw std::runtime_error("hook");
    return Tensor();
  });
  const Tensor z = sum(y * y) + sum(x * x);
  CHECK_THROWS_WITH(z.backward({}, true), "hook");
  CHECK_THROWS_WITH(grad({z}, {x}, {}, {.retain_graph = true, .create_graph = true}), "hook");
  CHECK(is_grad_enabled());
  x.set_grad({});
  fails = false;
  z.backward();
  CHECK(values(x.grad()) == Values{20, 40});
}

TEST_CASE("a gradient that comes through a view is kept where nobody else sees it, and copied otherwise") {
  const Tensor a = ones({4, 6}, {.requires_grad = true}), b = ones({4, 6}, {.requires_grad = true});
  const Tensor dy = ones({24});
  const auto requests = [] { return cpu_allocator().stats().requests; };

  const Tensor twice = a.reshape({24}) * 2;
  const std::uint64_t before = requests();
  twice.backward(dy);
  CHECK(requests() - before == 1);  // 2 dy
  CHECK(equal(a.grad(), full({4, 6}, 2.0)));

  a.set_grad({});
  (a.reshape({24}) + b.reshape({24})).backward(dy);
  CHECK(&a.grad().storage() != &b.grad().storage());
  a.grad().zero_();
  CHECK(equal(b.grad(), ones({4, 6})));
  CHECK(equal(dy, ones({24})));

  // A part of what is larger does not keep all of it.
  const Tensor first = ones({6}, {.requires_grad = true}), second = ones({6}, {.requires_grad = true});
  (cat({first, second}) * 2).backward(ones({12}));
  for (const Tensor& part : {first, second}) CHECK(part.grad().storage().bytes() == 6 * sizeof(float));
}
