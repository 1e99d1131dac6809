#include "ebb/autograd/backward.h"
#include "ebb/autograd/ops.h"
#include "ebb/nn/layers.h"

#include "tests/support/catch.h"
#include "tests/support/files.h"

using namespace ebb;

namespace {

struct Scale : nn::Module {
  nn::Parameter factor{this, "factor", full({}, 3.0)};
  Tensor operator()(const Tensor& x) const { return x * factor; }
};

struct Product : nn::Module {
  Tensor operator()(const Tensor& a, const Tensor& b) const { return a * b; }
};

struct Net : nn::Module {
  nn::Child<Scale> scale{this, "scale"};
  nn::Child<nn::Sequential> chain{this, "chain", nn::sequential({nn::relu(), Scale()})};
  nn::Child<Product> product{this, "product"};
  Tensor operator()(const Tensor& x) const { return product(chain(scale(x)), x); }
};

Tensor leaf(double value) { return full({1}, value, {.requires_grad = true}); }

}  // namespace

TEST_CASE("forward hooks fire for every child, in PyTorch's order, and may replace what they see") {
  Net net;
  std::string order;
  for (const auto& [name, module] : net.named_modules()) {
    module->register_forward_pre_hook([&, name = name](nn::Module&, std::span<Tensor>) { order += "<" + name; });
    module->register_forward_hook(
        [&, name = name](nn::Module&, std::span<const Tensor>, std::span<Tensor>) { order += ">" + name; });
  }
  net(leaf(2));
  CHECK(order == "<scale>scale<chain<chain.0>chain.0<chain.1>chain.1>chain<product>product");
  order.clear();
  nn::call(net, leaf(2));
  CHECK(order == "<<scale>scale<chain<chain.0>chain.0<chain.1>chain.1>chain<product>product>");

  Net other;
  other.product->register_forward_pre_hook([](nn::Module&, std::span<Tensor> inputs) {
    REQUIRE(inputs.size() == 2);
    inputs[1] = inputs[1] * 10;
  });
  other.scale->register_forward_hook([](nn::Module& module, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
    CHECK(module.kind() == "Scale");
    CHECK(inputs[0].item<float>() == 2);
    outputs[0] = outputs[0] + 1;
  });
  CHECK(other(leaf(2)).item<float>() == (2 * 3 + 1) * 3 * 20);
}

/// `net` of x, as one op and with a hook of each of these entries.
static void check_hooked(nn::Sequential& net, std::initializer_list<const char*> names) {
  const Tensor x = randn({2, 3, 4, 5});
  const auto outcome = [&] {
    const Tensor leaf = x.clone().requires_grad_(), y = net(leaf);
    net.zero_grad();
    (y * y * y).sum().backward();
    return std::vector<Tensor>{y.detach(), leaf.grad(), net.parameters()[0].grad()};
  };
  const std::vector<Tensor> at_once = outcome();
  for (const char* name : names) {
    int calls = 0;
    const nn::ScopedHook hook(
        net[name]->register_forward_hook([&](nn::Module&, std::span<const Tensor>, std::span<Tensor>) { ++calls; }));
    const std::vector<Tensor> in_steps = outcome();
    CHECK(calls == 1);
    CHECK(equal(in_steps[0], at_once[0]));
    for (std::size_t i = 1; i < at_once.size(); ++i) CHECK(allclose(in_steps[i], at_once[i], 1e-5, 1e-5));
  }
}

TEST_CASE(
    "a batch norm, the ReLU and the pooling after it are one op, unless a hook wants to see what they are given") {
  nn::Sequential two = nn::sequential(nn::batch_norm2d(3), nn::relu({.inplace = true}), nn::batch_norm2d(3));
  check_hooked(two, {"0", "1", "2"});
  nn::Sequential three = nn::sequential(nn::batch_norm2d(3), nn::relu(), nn::max_pool2d({.kernel_size = 2}));
  check_hooked(three, {"0", "1", "2"});
  nn::Sequential four = nn::sequential(nn::batch_norm2d(3), nn::relu(), nn::max_pool2d({.kernel_size = 2}), nn::relu());
  check_hooked(four, {"0", "2", "3"});
}

TEST_CASE("a hook goes when its handle says so, or its scope ends") {
  Net net;
  int calls = 0;
  const auto count = [&](nn::Module&, std::span<const Tensor>, std::span<Tensor>) { ++calls; };
  nn::HookHandle handle = net.scale->register_forward_hook(count);
  net(leaf(1));
  CHECK(calls == 1);
  Net copy = net;  // has the hook too, as a hook of its own
  handle.remove();
  handle.remove();
  net(leaf(1));
  CHECK(calls == 1);
  copy(leaf(1));
  CHECK(calls == 2);
  {
    const nn::ScopedHook scoped(net.scale->register_forward_hook(count));
    net(leaf(1));
  }
  net(leaf(1));
  CHECK(calls == 3);
  nn::HookHandle late;
  {
    Net gone;
    late = gone.register_forward_hook(count);
  }
  late.remove();
}

// PyTorch's gradients and orders for the same hooks.
TEST_CASE("a full backward hook sees the gradients of inputs and outputs and may replace the former") {
  Net net;
  std::string order;
  net.product->register_full_backward_hook(
      [&](nn::Module&, std::span<Tensor> grad_inputs, std::span<const Tensor> grad_outputs) {
        order += "product ";
        CHECK(grad_outputs[0].item<float>() == 1);
        REQUIRE(grad_inputs.size() == 2);
        CHECK(grad_inputs[0].item<float>() == 2);
        CHECK(grad_inputs[1].item<float>() == 18);
        grad_inputs[1] = grad_inputs[1] * 0;
      });
  net.chain->register_full_backward_hook([&](nn::Module&, std::span<Tensor> in, std::span<const Tensor> out) {
    order += "chain ";
    CHECK(out[0].item<float>() == 2);
    CHECK(in[0].item<float>() == 6);
  });
  net.scale->register_full_backward_pre_hook([&](nn::Module&, std::span<Tensor> out) {
    order += "scale ";
    out[0] = out[0] * 100;
  });
  const Tensor x = leaf(2);
  net(x).backward();
  CHECK(order == "product chain scale ");
  CHECK(x.grad().item<float>() == 6 * 100 * 3);
  CHECK(net.scale->factor->grad().item<float>() == 6 * 100 * 2);
}

TEST_CASE("a full backward hook fires where no input wants a gradient, and passes double gradients") {
  Scale scale;
  int calls = 0;
  scale.register_full_backward_hook([&](nn::Module&, std::span<Tensor> in, std::span<const Tensor> out) {
    ++calls;
    CHECK_FALSE(in[0].defined());
    CHECK(out[0].item<float>() == 1);
  });
  nn::call(scale, full({1}, 2.0)).backward();
  CHECK(calls == 1);

  Product square;
  square.register_full_backward_hook([](nn::Module&, std::span<Tensor>, std::span<const Tensor>) {});
  const Tensor x = leaf(3);
  const Tensor first = grad({nn::call(square, x, x * x)}, {x}, {}, {.create_graph = true})[0];  // x^3
  CHECK(first.item<float>() == 27);
  CHECK(grad({first}, {x})[0].item<float>() == 18);
}

TEST_CASE("a module with a backward hook may not overwrite its input, nor outlive its hooks") {
  nn::Sequential net = nn::sequential({Scale(), nn::relu({.inplace = true})});
  net[1].module().register_full_backward_hook([](nn::Module&, std::span<Tensor>, std::span<const Tensor>) {});
  CHECK_THAT(test::message_of([&] { net(leaf(1)); }), ContainsSubstring("changed its input in place"));

  int calls = 0;
  Tensor y;
  {
    Scale gone;
    gone.register_full_backward_hook([&](nn::Module&, std::span<Tensor>, std::span<const Tensor>) { ++calls; });
    y = nn::call(gone, leaf(1));
  }
  y.backward();
  CHECK(calls == 0);
}

TEST_CASE("hooks see the tensors of any result") {
  struct Both : nn::Module {
    std::pair<Tensor, std::vector<Tensor>> operator()(const Tensor& x, int times) const {
      return {x * times, {x, x + 1}};
    }
  };
  Both both;
  both.register_forward_hook([](nn::Module&, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
    CHECK(inputs.size() == 1);
    REQUIRE(outputs.size() == 3);
    outputs[2] = outputs[2] * 5;
  });
  const auto [first, rest] = nn::call(both, full({1}, 2.0), 4);
  struct Optional : nn::Module {
    Tensor operator()(const Tensor& x, const Tensor& mask) const { return mask.defined() ? x * mask : x * 1; }
  };
  Optional optional;
  optional.register_full_backward_hook([](nn::Module&, std::span<Tensor> in, std::span<const Tensor>) {
    CHECK(in[0].defined());
    CHECK_FALSE(in[1].defined());
  });
  nn::call(optional, leaf(1), Tensor()).backward();

  CHECK(first.item<float>() == 8);
  CHECK(rest[1].item<float>() == 15);
}
