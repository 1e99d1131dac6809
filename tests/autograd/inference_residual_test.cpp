// A residual that nobody else holds becomes the result of the convolution that it is added to.
#include <string>
#include <utility>

#include "ebb/core/memory/allocator.h"

#include "tests/autograd/pending_layer.h"

using namespace ebb;
using test::is_pending;

namespace {

Tensor channels_last(const Shape& shape, DType dtype = kFloat32) {
  return contiguous(randn(shape, {.dtype = dtype}), MemoryFormat::channels_last);
}

const void* place(const Tensor& x) { return x.raw_data(); }

void check_near(const Tensor& y, const Tensor& wanted) {
  REQUIRE(y.shape() == wanted.shape());
  const double error = (y.to(kFloat64) - wanted.to(kFloat64)).abs().max().item<double>();
  CHECK(error <= (y.dtype() == kFloat32 ? 2e-5 : 1e-12));
}

struct Case {
  const char* name;
  Shape x, weight;
  bool is_overwritten;
  std::int64_t groups = 1;
  DType dtype = kFloat32;
};

}  // namespace

TEST_CASE("a convolution writes over a residual that only it holds") {
  const Case c = GENERATE(Case{"whole panels", {3, 32, 9, 7}, {32, 32, 1, 1}, true},
                          Case{"a part of a panel", {3, 24, 9, 7}, {43, 24, 1, 1}, true},
                          Case{"two columns", {2, 24, 5, 7}, {2, 24, 1, 1}, true},
                          Case{"double", {3, 24, 9, 7}, {43, 24, 1, 1}, true, 1, kFloat64},
                          Case{"groups", {2, 24, 9, 8}, {24, 6, 3, 3}, true, 4},
                          Case{"3 x 3, few channels", {1, 5, 6, 7}, {7, 5, 3, 3}, true},
                          Case{"3 x 3, by tiles", {2, 64, 15, 13}, {68, 64, 3, 3}, true},
                          Case{"more terms than a block has", {1, 1030, 5, 3}, {24, 1030, 1, 1}, false},
                          Case{"depthwise", {2, 24, 9, 7}, {24, 1, 3, 3}, false, 24});
  INFO(c.name);
  const Tensor x = channels_last(c.x, c.dtype);
  const Tensor weight = randn(c.weight, {.dtype = c.dtype}) * 0.1;
  const Tensor scale = rand({c.weight[0]}, {.dtype = c.dtype}) + 0.5, shift = randn({c.weight[0]}, {.dtype = c.dtype});
  const Conv2dOptions options{.padding = c.weight[2] / 2, .groups = c.groups};
  const auto net = [&](const Tensor& residual) {
    return relu(batch_norm(conv2d(x, weight, {}, options), zeros_like(shift), ones_like(scale), scale, shift) +
                residual);
  };
  Tensor residual = channels_last({c.x[0], c.weight[0], c.x[2], c.x[3]}, c.dtype);
  const Tensor wanted = no_grad([&] { return net(residual); });
  const InferenceMode mode;

  SECTION("nobody else") {
    const void* const at = place(residual);
    const Tensor y = net(std::exchange(residual, {}));
    REQUIRE(is_pending(y));
    CHECK((place(y) == at) == c.is_overwritten);
    check_near(y, wanted);
  }
  SECTION("the program, too") {
    const Tensor copy = residual.clone();
    const Tensor y = net(residual);
    CHECK(place(y) != place(residual));
    check_near(y, wanted);
    check_near(residual, copy);
  }
  SECTION("another convolution, too") {
    const Tensor pointwise = randn({8, c.weight[0], 1, 1}, {.dtype = c.dtype}) * 0.1;
    const Tensor other_wanted = no_grad([&] { return conv2d(residual, pointwise); });
    const Tensor other = conv2d(residual, pointwise);
    const Tensor y = net(std::exchange(residual, {}));
    check_near(y, wanted);
    check_near(other, other_wanted);
  }
  SECTION("a part of more") {
    Tensor more = channels_last({c.x[0] + 1, c.weight[0], c.x[2], c.x[3]}, c.dtype);
    more.narrow(0, 0, c.x[0]).copy_(residual);
    residual = more.narrow(0, 0, c.x[0]);
    more = {};
    check_near(net(std::exchange(residual, {})), wanted);
  }
}

TEST_CASE("a block whose input is the residual keeps it for as long as it is read") {
  const Tensor weight = randn({32, 32, 1, 1}) * 0.1;
  const auto net = [&](Tensor x) {
    for (int i = 0; i < 3; ++i) x = relu(conv2d(relu(conv2d(x, weight)), weight) + x);
    return conv2d(x, weight) + x;
  };
  const Tensor x = channels_last({2, 32, 6, 5});
  const Tensor wanted = no_grad([&] { return net(x); });
  const InferenceMode mode;
  check_near(net(x), wanted);
}

TEST_CASE("memory that runs out while a residual is written over is an error that says so, again and again") {
  const Tensor x = channels_last({2, 32, 6, 5}), weight = randn({32, 32, 1, 1});
  Tensor residual = channels_last({2, 32, 6, 5});
  const InferenceMode mode;
  const Tensor y = conv2d(x, weight) + std::exchange(residual, {});
  cpu_allocator().fail_after(1);  // the weight's panels
  CHECK_THROWS_AS(place(y), OutOfMemoryError);
  cpu_allocator().fail_after(0);
  for (int i = 0; i < 2; ++i) CHECK_THROWS_WITH(place(y), ContainsSubstring("had begun to write over an input"));
}
