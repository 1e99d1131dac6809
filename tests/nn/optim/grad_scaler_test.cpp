#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>

#include <nlohmann/json.hpp>

#include "ebb/nn.h"
#include "ebb/nn/optim/clip_grad.h"
#include "ebb/nn/optim/grad_scaler.h"
#include "ebb/nn/optim/sgd.h"
#include "ebb/tensor.h"

#include "tests/support/catch.h"
#include "tests/support/files.h"

namespace ebb::test {
namespace {

using optim::GradScaler;

constexpr double infinity = std::numeric_limits<double>::infinity();

/// A parameter with a gradient.
struct Fixture {
  Tensor p = tensor({1.0, 2.0}).requires_grad_();
  optim::SGD optimizer{{p}, {.lr = 0.1}};
  GradScaler scaler{{.init_scale = 1024, .growth_interval = 3}};

  void backward(double times = 1) {
    optimizer.zero_grad();
    scaler.scale((p * p).sum() * times).backward();
  }
};

}  // namespace

TEST_CASE("a scaler scales, steps and leaves steps out as PyTorch's does") {
  std::ifstream file(data_path("grad_scaler.json"));
  const auto recorded = nlohmann::json::parse(file);
  Fixture f;
  const auto infinite = recorded["infinite"].get<std::vector<int>>();
  int i = 0;
  for (const auto& expected : recorded["steps"]) {
    CAPTURE(i);
    const bool is_infinite = std::ranges::count(infinite, i++) > 0;
    f.backward(is_infinite ? infinity : 1);
    CHECK(f.scaler.step(f.optimizer) == !is_infinite);
    f.scaler.update();
    CHECK(f.scaler.get_scale() == expected["scale"].get<double>());
    CHECK(f.scaler.state_dict()["_growth_tracker"].as_int() == expected["tracker"].get<int>());
    for (int k = 0; k < 2; ++k) CHECK(f.p[k].item<float>() == expected["p"][static_cast<std::size_t>(k)].get<float>());
  }
  const auto& state = recorded["state"];
  const Value dict = f.scaler.state_dict();
  CHECK(dict.as_dict().entries.size() == state.size());
  for (const auto& [key, value] : state.items()) CHECK(dict[key].as_real() == value.get<double>());
}

TEST_CASE("a scaler unscales once, for who looks at the gradients") {
  Fixture f;
  f.backward();
  CHECK(f.p.grad()[1].item<float>() == 4096);
  f.scaler.unscale_(f.optimizer);
  CHECK(f.p.grad()[1].item<float>() == 4);
  CHECK_THROWS_AS(f.scaler.unscale_(f.optimizer), Error);
  nn::clip_grad_norm_({&f.p, 1}, {.max_norm = 1});
  CHECK(f.scaler.step(f.optimizer));
  CHECK_THROWS_AS(f.scaler.step(f.optimizer), Error);
  CHECK_THROWS_AS(f.scaler.unscale_(f.optimizer), Error);
  f.scaler.update();
  CHECK_THROWS_AS(f.scaler.update(), Error);
  f.scaler.update(8);
  CHECK(f.scaler.get_scale() == 8);
}

TEST_CASE("a scaler with several optimizers leaves out the step of those alone whose gradients are not finite") {
  Fixture a;
  const Tensor q = tensor({3.0}).requires_grad_();
  optim::SGD other({q}, {.lr = 1});
  a.backward();
  a.scaler.scale((q * infinity).sum()).backward();
  CHECK(a.scaler.step(a.optimizer));
  CHECK_FALSE(a.scaler.step(other));
  CHECK(q.item<float>() == 3);
  a.scaler.update();
  CHECK(a.scaler.get_scale() == 512);
}

TEST_CASE("a scaler refuses what cannot work") {
  CHECK_THROWS_AS(GradScaler({.init_scale = 0}), Error);
  CHECK_THROWS_AS(GradScaler({.growth_factor = 1}), Error);
  CHECK_THROWS_AS(GradScaler({.backoff_factor = 1}), Error);
  CHECK_THROWS_AS(GradScaler({.growth_interval = 0}), Error);
  Fixture f;
  CHECK_THROWS_AS(f.scaler.step(f.optimizer), Error);  // without a gradient
  CHECK_THROWS_AS(f.scaler.update(-1), Error);
  const Tensor half = ones({2}, {.dtype = kFloat16}).requires_grad_();
  optim::SGD optimizer({half}, {.lr = 1});
  f.scaler.scale(half.sum()).backward();
  try {
    f.scaler.step(optimizer);
    FAIL("float16 was unscaled");
  } catch (const Error& error) {
    CHECK(error.message().find("float16") != std::string::npos);
  }
}

TEST_CASE("a scaler's state is saved and loaded, or refused and nothing changed") {
  Fixture f;
  f.backward();
  f.scaler.step(f.optimizer);
  f.scaler.update();
  GradScaler other;
  other.load_state_dict(f.scaler.state_dict());
  CHECK(other.get_scale() == 1024);
  CHECK(other.options().growth_interval == 3);
  CHECK(other.state_dict()["_growth_tracker"].as_int() == 1);
  Value broken = Value::dict();
  broken.set("scale", 4.0);
  CHECK_THROWS_AS(other.load_state_dict(broken), Error);
  CHECK_THROWS_AS(other.load_state_dict(Value::dict()), Error);
  CHECK_THROWS_AS(other.load_state_dict(Value(3)), Error);
  CHECK(other.get_scale() == 1024);
}

TEST_CASE("a scaler that is not enabled does nothing") {
  Fixture f;
  f.scaler = GradScaler({.enabled = false});
  f.backward();
  CHECK(f.p.grad()[1].item<float>() == 4);
  f.scaler.unscale_(f.optimizer);
  CHECK(f.scaler.step(f.optimizer));
  CHECK(f.p[1].item<float>() == 1.6f);
  f.scaler.update();
  CHECK(f.scaler.get_scale() == 1);
  CHECK(f.scaler.state_dict().as_dict().entries.empty());
}

TEST_CASE("a net learns in mixed precision what it learns in float32") {
  const auto loss_after = [](std::optional<DType> half) {
    manual_seed(5);
    nn::Sequential net = nn::sequential({nn::conv2d({.in_channels = 1, .out_channels = 8, .kernel_size = 3}),
                                         nn::batch_norm2d(8), nn::relu(), nn::flatten(), nn::linear(8 * 6 * 6, 10)});
    optim::SGD optimizer(net.parameters(), {.lr = 0.05, .momentum = 0.9});
    GradScaler scaler({.enabled = half == kFloat16});
    const Tensor x = randn({32, 1, 8, 8}), target = arange(32).remainder(10);
    double last = 0;
    for (int i = 0; i < 12; ++i) {
      optimizer.zero_grad();
      Tensor loss;
      {
        const Autocast guard(kCPU, {.dtype = half, .enabled = half.has_value()});
        const Tensor scores = net(x);
        CHECK(scores.dtype() == half.value_or(kFloat32));
        loss = cross_entropy(scores, target);
      }
      CHECK(loss.dtype() == kFloat32);
      scaler.scale(loss).backward();
      for (const Tensor& p : net.parameters()) CHECK((p.dtype() == kFloat32 && p.grad().dtype() == kFloat32));
      CHECK(scaler.step(optimizer));
      scaler.update();
      last = loss.item<double>();
    }
    return last;
  };
  const double exact = loss_after({});
  CHECK(exact < 0.2);
  CHECK(std::abs(loss_after(kBFloat16) - exact) < 0.05);
  CHECK(std::abs(loss_after(kFloat16) - exact) < 0.01);
}

}  // namespace ebb::test
