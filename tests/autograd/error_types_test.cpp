// Misuse of the graph is a GraphError; shapes, dtypes and numbers are an ArgumentError.
#include "ebb/autograd/backward.h"
#include "ebb/autograd/gradcheck.h"
#include "ebb/autograd/ops.h"

#include "tests/support/catch.h"
#include "tests/support/tensors.h"

using namespace ebb;
using test::leaf;

TEST_CASE("a use of the graph without a right gradient is a GraphError") {
  const Tensor x = leaf({1, 2}), plain = ones({2}, {.dtype = kFloat64}), y = x * x;
  CHECK_THROWS_AS(x.add_(1), GraphError);
  CHECK_THROWS_AS(x.narrow(0, 0, 1).zero_(), GraphError);
  CHECK_THROWS_AS(y.requires_grad_(false), GraphError);
  CHECK_THROWS_AS(plain.retain_grad(), GraphError);
  CHECK_THROWS_AS(plain.register_hook([](const Tensor& g) { return g; }), GraphError);
  CHECK_THROWS_AS(plain.set_grad(plain), GraphError);
  CHECK_THROWS_AS(sum(plain).backward(), GraphError);
  CHECK_THROWS_AS(grad({sum(x)}, {plain}), GraphError);
  CHECK_THROWS_AS(grad({sum(x)}, {y}), GraphError);
  CHECK_THROWS_AS(gradcheck([](std::span<const Tensor> in) { return in[0] * 2; }, {plain}), GraphError);
  const Tensor buffer = zeros({2}, {.dtype = kFloat64});
  buffer.body().is_buffer = true;
  CHECK_THROWS_AS(buffer.add_(x), GraphError);
}

TEST_CASE("a second backward and an overwritten tensor are GraphErrors") {
  const Tensor x = leaf({1, 2});
  const Tensor y = sum(x * x);
  y.backward();
  CHECK_THROWS_AS(y.backward(), GraphError);
  const Tensor a = x * 2, b = sum(a * a);
  a.zero_();
  CHECK_THROWS_AS(b.backward(), GraphError);
}

TEST_CASE("what cannot be computed is an ArgumentError") {
  const Tensor x = leaf({1, 2}), three = leaf({1, 2, 3});
  CHECK_THROWS_AS(x + three, ArgumentError);
  CHECK_THROWS_AS(x.backward(), ArgumentError);
  CHECK_THROWS_AS(x.backward(three.detach()), ArgumentError);
  CHECK_THROWS_AS(x.set_grad(three.detach()), ArgumentError);
  CHECK_THROWS_AS(arange(3).requires_grad_(), ArgumentError);
  CHECK_THROWS_AS(mean(arange(3)), ArgumentError);
  CHECK_THROWS_AS(ones({1, 2}).expand({2, 2}).add_(1), ArgumentError);
}
