// What is put off in InferenceMode, when it is done, and that it is the same.
#include <functional>
#include <random>
#include <utility>
#include <vector>

#include "ebb/core/dlpack/dlpack.h"
#include "ebb/core/memory/allocator.h"
#include "ebb/core/op_times.h"
#include "ebb/core/random/generator.h"

#include "tests/autograd/pending_layer.h"

using namespace ebb;
using test::channels;
using test::check_same;
using test::image;
using test::is_pending;
using test::Layer;

TEST_CASE("InferenceMode puts off what can be done together, NoGradGuard nothing") {
  const Layer layer;
  const Tensor x = image();
  const auto net = [&] { return relu(layer.norm(layer.conv(x))); };
  const Tensor wanted = no_grad(net);
  CHECK_FALSE(is_pending(wanted));
  CHECK_FALSE(is_inference_mode_enabled());
  const InferenceMode mode;
  CHECK(is_inference_mode_enabled());
  CHECK_FALSE(is_grad_enabled());
  const Tensor y = net();
  CHECK(is_pending(y));
  CHECK(y.suggested_format() == MemoryFormat::channels_last);
  check_same(y, wanted);
  CHECK_FALSE(is_pending(y));
}

TEST_CASE("what nobody holds is never computed: a residual block is two convolutions") {
  const Layer layer, other;
  const Tensor x = image();
  const auto block = [&] {
    Tensor out = layer.conv(x);
    out = layer.norm(out);
    out = relu_(out);
    out = other.conv(out);
    out = other.norm(out);
    out.add_(x);
    return relu(out);
  };
  const auto with_names = [&] {
    const Tensor a = layer.conv(x), b = layer.norm(a), c = relu_(b), d = other.conv(c), e = other.norm(d);
    return relu(e.add_(x));
  };
  const auto in_one = [&] { return relu(other.norm(other.conv(relu_(layer.norm(layer.conv(x))))).add_(x)); };
  const int written = GENERATE(0, 1, 2);
  const Tensor wanted = no_grad(block);
  const InferenceMode mode;
  const OpTimes times;
  const Tensor y = written == 0 ? block() : written == 1 ? with_names() : in_one();
  (void)std::as_const(y).raw_data();
  for (const auto& [name, calls, seconds] : times.entries()) {
    INFO(name);
    // Two calls, of which a convolution opens two scopes, and the work of both.
    if (name == "conv2d") CHECK(calls == 6);
    if (name == "batch_norm") CHECK(calls == 2);
    if (name == "relu" || name == "relu_" || name == "add_") CHECK(calls == 1);
  }
  check_same(y, wanted);
}

TEST_CASE("every order of steps gives what it gives at once") {
  const Layer layer, other;
  const Tensor x = image(), residual = image(), slopes = randn({channels}, {.dtype = kFloat64});
  using Step = std::function<Tensor(const Tensor&)>;
  const std::vector<std::pair<const char*, Step>> steps = {
      {"norm", [&](const Tensor& t) { return layer.norm(t); }},
      {"another norm", [&](const Tensor& t) { return other.norm(t); }},
      {"relu", [](const Tensor& t) { return relu(t); }},
      {"relu_", [](const Tensor& t) { return relu_(t); }},
      {"t + residual", [&](const Tensor& t) { return t + residual; }},
      {"residual + t", [&](const Tensor& t) { return residual + t; }},
      {"add_", [&](const Tensor& t) { return t.add_(residual); }},
      {"t + t", [](const Tensor& t) { return t + t; }},
      {"t.add_(t)", [](const Tensor& t) { return t.add_(t); }},
      {"norm, relu and residual",
       [&](const Tensor& t) {
         return batch_norm_relu(t, layer.mean, layer.var, layer.scale, layer.shift, {}, residual);
       }},
      {"silu", [](const Tensor& t) { return silu(t); }},
      {"hardswish_", [](const Tensor& t) { return hardswish_(t); }},
      {"leaky_relu", [](const Tensor& t) { return leaky_relu(t, 0.1); }},
      {"relu6_", [](const Tensor& t) { return relu6_(t); }},
      {"prelu", [&](const Tensor& t) { return prelu(t, slopes); }},
      {"times two", [](const Tensor& t) { return t * 2; }},
      {"as a line",
       [&](const Tensor& t) {
         return layer.norm(t.reshape({2, channels, 42})).reshape(t.shape());
       }},
  };
  const auto check_all = [&](const Tensor& start, const std::function<Tensor(const Tensor&)>& first) {
    for (const auto& a : steps) {
      for (const auto& b : steps) {
        for (const auto& c : steps) {
          INFO(a.first << ", " << b.first << ", " << c.first);
          const auto net = [&] { return c.second(b.second(a.second(first(start)))); };
          const Tensor wanted = no_grad(net);
          const InferenceMode mode;
          check_same(net(), wanted);
        }
      }
    }
  };
  SECTION("on a convolution") {
    check_all(x, [&](const Tensor& t) { return layer.conv(t); });
  }
  SECTION("on a batch norm of a tensor that is there") {
    check_all(x, [&](const Tensor& t) { return other.norm(t); });
  }
}

TEST_CASE("pooling, products, joined and enlarged images wait for what they are made from") {
  const Layer layer, other;
  const Tensor x = image(), weight = randn({3, channels * 3}, {.dtype = kFloat64});
  const Tensor up = randn({channels, channels, 2, 2}, {.dtype = kFloat64}), bias = randn({3}, {.dtype = kFloat64});
  const auto net = [&] {
    const Tensor skip = relu(layer.norm(layer.conv(x)));
    Tensor y = relu(conv_transpose2d(max_pool2d(skip, {.kernel_size = 2}), up, layer.bias, {.stride = 2}));
    y = cat({y, skip.narrow(3, 0, 6)}, 1);
    y = upsample_bilinear(avg_pool2d(y, {.kernel_size = 2}), {.size = {6, 6}});
    y = other.conv(other.norm(relu(y.narrow(1, 0, channels))));
    return silu(linear(adaptive_avg_pool2d(y, {1, 3}).reshape({2, -1}), weight, bias));
  };
  const Tensor wanted = no_grad(net);
  const InferenceMode mode;
  const Tensor y = net();
  check_same(y, wanted);
  const Tensor pooled = max_pool2d(layer.conv(x), {.kernel_size = 2});
  CHECK(is_pending(pooled));
  CHECK_FALSE(is_pending(max_pool2d(x, {.kernel_size = 2})));
  CHECK_FALSE(is_pending(max_pool2d_with_indices(layer.conv(x), {.kernel_size = 2}).values));
}

TEST_CASE("what is put off is on the device of its input, whatever the CPU is called") {
  const Device second = Device::parse("cpu:1");
  const Tensor x = randn({1, 16, 6, 6}).to(second), w = randn({16, 16, 3, 3}).to(second);
  const Tensor mean = zeros({16}).to(second), var = ones({16}).to(second);
  const InferenceMode inference;
  const Tensor y = relu(batch_norm(conv2d(x, w), mean, var, {}, {}, {}) + 1);
  CHECK(y.device() == second);
  CHECK(max_pool2d(y, {.kernel_size = 2}).device() == second);
  CHECK((y.sum() * 0).device() == second);
}

TEST_CASE("as many layers as wanted can be put off") {
  manual_seed(0);  // what 700 layers make of the last digits depends on their weights
  const Layer layer;
  const Tensor x = image();
  const auto net = [&] {
    Tensor y = layer.conv(x);
    for (int i = 0; i < 3000; ++i) y = relu(y + x);
    for (int i = 0; i < 700; ++i) y = relu6(layer.norm(layer.conv(y)));
    return y;
  };
  const Tensor wanted = no_grad(net);
  const InferenceMode mode;
  check_same(net(), wanted);
}

TEST_CASE("an intermediate result that the program still holds is computed, once") {
  const Layer layer;
  const Tensor x = image();
  const Tensor wanted_conv = no_grad([&] { return layer.conv(x); }),
               wanted = no_grad([&] { return relu(wanted_conv); });
  const InferenceMode mode;
  const Tensor held = layer.conv(x);
  const Tensor y = relu(held), z = layer.norm(held);
  CHECK(is_pending(held));
  check_same(y, wanted);
  CHECK_FALSE(is_pending(held));
  CHECK(is_pending(z));
  check_same(held, wanted_conv);
  check_same(z, no_grad([&] { return layer.norm(wanted_conv); }));
}

TEST_CASE("a view shows elements that are pending, and what is written to it") {
  const Layer layer;
  const Tensor x = image();
  const auto net = [&] {
    const Tensor y = layer.conv(x), view = y.select(1, 2);
    const Tensor z = relu(y);
    view.fill_(-1);
    y.narrow(0, 0, 1).mul_(2);
    return cat({y, z});
  };
  const Tensor wanted = no_grad(net);
  const InferenceMode mode;
  check_same(net(), wanted);
}

TEST_CASE("a residual that is pending itself is computed first") {
  const Layer layer, other;
  const Tensor x = image();
  const auto net = [&] {
    const Tensor identity = other.norm(other.conv(x));
    Tensor out = layer.norm(layer.conv(x));
    out.add_(identity);
    relu_(out);
    const Tensor last = layer.conv(out);
    identity.mul_(3);
    return last + identity;
  };
  const Tensor wanted = no_grad(net);
  const InferenceMode mode;
  check_same(net(), wanted);
}

TEST_CASE("what is pending runs before something that it reads is written to") {
  Layer layer;
  const Tensor x = image().clone(), residual = image().clone();
  const auto net = [&] { return layer.conv(x) + residual; };
  const Tensor wanted = no_grad(net);
  const InferenceMode mode;
  const Tensor y = net();
  REQUIRE(is_pending(y));
  SECTION("the input, in place") { x.mul_(2); }
  SECTION("the input, by a pointer") { Tensor(x).data<double>()[3] = 100; }
  SECTION("the input, through a view") { x.select(0, 1).zero_(); }
  SECTION("the input, through DLPack") {
    dlpack::DLManagedTensorVersioned* const given = to_dlpack(x);
    static_cast<double*>(given->dl_tensor.data)[3] = 100;
    given->deleter(given);
  }
  SECTION("the weight") { layer.weight.copy_(layer.weight * 2); }
  SECTION("the bias") { layer.bias.zero_(); }
  SECTION("the residual") { residual.add_(1); }
  SECTION("the residual, from itself") { residual.select(0, 0).copy_(residual.select(0, 1)); }
  check_same(y, wanted);
}

TEST_CASE("a tensor that gets other elements is still read as it was") {
  const Layer layer;
  const Tensor x = image().clone();
  const Tensor wanted = no_grad([&] { return layer.conv(x); });
  const InferenceMode mode;
  const Tensor y = layer.conv(x);
  x.set_data(zeros_like(x));
  check_same(y, wanted);
}

TEST_CASE("nothing is put off that somebody may change without a word") {
  const Layer layer;
  std::vector<double> memory(2 * channels * 6 * 7, 0.5);
  const InferenceMode mode;
  const Tensor blob = from_blob(memory.data(), {2, 6, 7, channels}, {.dtype = kFloat64}).permute({0, 3, 1, 2});
  CHECK_FALSE(is_pending(layer.conv(blob)));
  Tensor exposed = image();
  exposed.data<double>()[0] = 1;
  CHECK_FALSE(is_pending(layer.conv(exposed)));
  const Tensor y = layer.conv(image());
  CHECK_FALSE(is_pending(y + exposed));
}

TEST_CASE("leaving the outermost InferenceMode runs what is left") {
  const Layer layer;
  const Tensor x = image();
  Tensor y, z;
  {
    const InferenceMode outer;
    {
      const InferenceMode inner;
      y = layer.conv(x);
    }
    CHECK(is_pending(y));
    z = relu(y);
  }
  CHECK_FALSE(is_pending(y));
  CHECK_FALSE(is_pending(z));
  CHECK_FALSE(is_inference_mode_enabled());
  CHECK(is_grad_enabled());
}

TEST_CASE("memory that has run out is an error of who asks, and may be asked for again") {
  const Layer layer;
  const Tensor x = image();
  const Tensor wanted = no_grad([&] { return relu(layer.norm(layer.conv(x))); });
  Tensor y;
  {
    const InferenceMode mode;
    y = relu(layer.norm(layer.conv(x)));
    cpu_allocator().fail_after(1);
    CHECK_THROWS_AS(std::as_const(y).raw_data(), OutOfMemoryError);
    cpu_allocator().fail_after(1);  // at the end of the scope nobody is told
  }
  cpu_allocator().fail_after(0);
  CHECK(is_pending(y));
  check_same(y, wanted);
}

TEST_CASE("recording may be turned on within InferenceMode, and puts nothing off") {
  const Layer layer;
  const InferenceMode mode;
  const Tensor x = image().requires_grad_();
  const Tensor pending = layer.conv(x);
  const GradMode recording(true);
  const Tensor y = relu(layer.conv(x) + pending);
  CHECK_FALSE(is_pending(y));
  sum(y).backward();
  CHECK(x.grad().defined());
}

TEST_CASE("a program of random steps gives what it gives at once") {
  const Layer layer, other;
  const auto run = [&](std::uint64_t seed) {
    std::mt19937_64 random(seed);
    const auto below = [&](std::size_t n) { return random() % n; };
    std::vector<Tensor> live;
    for (int i = 0; i < 3; ++i) live.push_back(image());
    Tensor read = zeros({}, {.dtype = kFloat64});
    for (int step = 0; step < 60; ++step) {
      const std::size_t i = below(3), j = below(3);
      const Tensor x = live[i], y = live[j];
      switch (below(18)) {
        case 0:
        case 1:
        case 2:
          live[j] = layer.conv(x);
          break;
        case 3:
          live[j] = layer.norm(x);
          break;
        case 4:
          live[j] = other.norm(x);
          break;
        case 5:
          live[j] = relu(x);
          break;
        case 6:
          relu_(x);
          break;
        case 7:
          live[j] = x + y;
          break;
        case 8:
          x.add_(y);
          break;
        case 9:
          live[j] = sigmoid(silu(x));
          break;
        case 10:
          x.mul_(0.5);
          break;
        case 11:
          x.select(1, 1).copy_(y.select(1, 0));
          break;
        case 12:
          read = read + mean(x);
          break;
        case 13:
          live[j] = x.narrow(1, 0, channels);
          break;
        case 15:
          live[j] =
              cat({x.narrow(2, 0, 4), max_pool2d(y, {.kernel_size = 3, .stride = 1, .padding = 1}).narrow(2, 4, 2)}, 2);
          break;
        case 16:
          live[j] = contiguous(upsample_nearest(avg_pool2d(x, {.kernel_size = {3, 7}}), {.size = {6, 7}}),
                               MemoryFormat::channels_last);
          break;
        case 14:
          live[j] = batch_norm_relu(x, other.mean, other.var, other.scale, other.shift, {}, y);
          break;
        default:
          live[j] = clamp(x, -3, 3);
      }
    }
    return cat({live[0].contiguous().reshape({-1}), live[1].contiguous().reshape({-1}),
                live[2].contiguous().reshape({-1}), read.reshape({1})});
  };
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    INFO("seed " << seed);
    manual_seed(seed);
    const Tensor wanted = no_grad([&] { return run(seed); });
    manual_seed(seed);
    const InferenceMode mode;
    check_same(run(seed), wanted);
  }
}
