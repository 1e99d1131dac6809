#include <bit>
#include <cmath>
#include <functional>
#include <span>
#include <vector>

#include "ebb/autograd/backward.h"
#include "ebb/autograd/ops.h"
#include "ebb/core/random/generator.h"
#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/choice.h"
#include "ebb/kernels/half/half_rows.h"
#include "ebb/kernels/optim/optim_step.h"

#include "tests/kernels/both_devices.h"
#include "tests/support/catch.h"

// Half precision: each op gives what float32 gives of the same numbers, rounded.

namespace ebb::test {
namespace {

constexpr DType half_types[] = {kFloat16, kBFloat16};

/// A few units of the last place, for ops that round more than once on their way.
double tolerance_of(DType dtype) { return dtype == kFloat16 ? 4e-3 : 3e-2; }

using Op = std::function<Tensor(const Tensors&)>;

/// The result and the gradients of the floating inputs.
Tensors results_of(const Op& op, const Tensors& inputs, DType dtype, Device device) {
  Tensors given, leaves;
  for (const Tensor& x : inputs) {
    given.push_back(is_floating(x.dtype()) ? x.to(dtype).to(device).detach().requires_grad_() : x.to(device));
    if (given.back().requires_grad()) leaves.push_back(given.back());
  }
  const Tensor y = op(given);
  Tensors all{y};
  if (y.requires_grad()) {
    const Tensors loss{(y * y).sum()};
    for (const Tensor& g : grad(std::span<const Tensor>(loss), leaves)) all.push_back(g);
  }
  return all;
}

void check(const char* name, const Tensors& numbers, const Op& op) {
  for (const DType dtype : half_types) {
    Tensors rounded;
    for (const Tensor& x : numbers) rounded.push_back(is_floating(x.dtype()) ? x.to(dtype).to(kFloat32) : x);
    const Tensors expected = results_of(op, rounded, kFloat32, kCPU);
    for (const Device device : {Device(kCPU), Device(kCUDA)}) {
      const Tensors made = results_of(op, rounded, dtype, device);
      REQUIRE(made.size() == expected.size());
      for (std::size_t i = 0; i < made.size(); ++i) {
        CAPTURE(name, to_string(dtype), device.is_cuda(), i);
        const bool counts = !is_floating(expected[i].dtype());
        CHECK(made[i].dtype() == (counts ? expected[i].dtype() : dtype));
        const double tolerance =
            counts ? 0 : tolerance_of(dtype) * (i == 0 ? 1 : 4);  // gradients are of what was rounded
        require_close(made[i].to(kCPU).to(expected[i].dtype()), expected[i], tolerance);
      }
    }
  }
}

}  // namespace

TEST_CASE("elementwise ops compute in half precision") {
  const Tensor a = random_tensor({5, 7}), b = random_tensor({5, 7}), row = random_tensor({7});
  check("add", {a, row}, [](const Tensors& x) { return x[0] + x[1]; });
  check("mul", {a, b}, [](const Tensors& x) { return x[0] * x[1] * 0.5; });
  check("div", {a, abs(b) + 1}, [](const Tensors& x) { return x[0] / x[1]; });
  check("exp", {a}, [](const Tensors& x) { return exp(x[0] * 0.25); });
  check("tanh", {a}, [](const Tensors& x) { return tanh(x[0]); });
  check("gelu", {a.t()}, [](const Tensors& x) { return gelu(x[0]); });
  check("relu", {a}, [](const Tensors& x) { return relu(x[0]); });
  check("lt", {a, b}, [](const Tensors& x) { return lt(x[0], x[1]); });
  check("where", {a, b}, [](const Tensors& x) { return where(lt(x[0], 0), x[0], x[1]); });
  check("to", {a}, [](const Tensors& x) { return x[0].to(kInt64); });
}

TEST_CASE("reductions, orders and places compute in half precision") {
  const Tensor a = random_tensor({6, 40}), index = tensor({3, 0, 3, 5, 1}).reshape({5, 1}).expand({5, 40});
  check("sum", {a}, [](const Tensors& x) { return sum(x[0] * 0.25, {1}); });
  check("mean", {a}, [](const Tensors& x) { return mean(x[0], {0}); });
  check("prod", {abs(a) * 0.25 + 0.5}, [](const Tensors& x) { return prod(x[0].narrow(1, 0, 8), 1); });
  check("max", {a}, [](const Tensors& x) { return max(x[0], 1).values; });
  check("argmax", {a}, [](const Tensors& x) { return argmax(x[0], 1); });
  check("var", {a}, [](const Tensors& x) { return var(x[0], {1}) * 0.25; });
  check("norm", {a}, [](const Tensors& x) { return norm(x[0], 2, {1}) * 0.25; });
  check("cumsum", {a}, [](const Tensors& x) { return cumsum(x[0] * 0.125, 1); });
  check("sort", {a}, [](const Tensors& x) { return sort(x[0], 1).values; });
  check("gather", {a, index}, [](const Tensors& x) { return gather(x[0], 0, x[1]); });
  check("scatter", {a, a.narrow(0, 0, 5), index}, [](const Tensors& x) { return scatter(x[0], 0, x[2], x[1] * 0.5); });
  check("scatter_add", {a, a.narrow(0, 0, 5), index},
        [](const Tensors& x) { return scatter_add(x[0] * 0.25, 0, x[2], x[1] * 0.25); });
}

TEST_CASE("a sum of more numbers than half precision counts is right") {
  for (const DType dtype : half_types) {
    for (const Device device : {Device(kCPU), Device(kCUDA)}) {
      const Tensor x = ones({70000}, {.dtype = dtype, .device = device});
      CHECK(mean(x).item<float>() == 1);
      CHECK(std::isinf(sum(x).item<float>()) == (dtype == kFloat16));
      CHECK(sum(x * 0.5).item<float>() == (dtype == kFloat16 ? 35008 : 35072));  // the nearest there are
    }
  }
}

TEST_CASE("reductions of many numbers go by parts, and are what float32 gives") {
  const Tensor x = random_tensor({900, 700}) * 0.01;
  check("sum", {x}, [](const Tensors& in) { return sum(in[0]); });
  check("mean of columns", {x}, [](const Tensors& in) { return mean(in[0], {0}); });
  check("sum of rows", {x}, [](const Tensors& in) { return sum(in[0], {1}); });
  check("max", {x}, [](const Tensors& in) { return max(in[0]); });
  check("min of columns", {x}, [](const Tensors& in) { return amin(in[0], {0}, true); });
  check("sum of a line", {x.reshape({-1})}, [](const Tensors& in) { return sum(in[0], {0}); });
}

TEST_CASE("layers compute in half precision") {
  const Tensor images = random_tensor({2, 4, 6, 6}), channels = random_tensor({4}), rows = random_tensor({3, 16});
  check("softmax", {rows}, [](const Tensors& x) { return softmax(x[0], 1); });
  check("log_softmax", {rows}, [](const Tensors& x) { return log_softmax(x[0], 0) * 0.25; });
  check("layer_norm", {rows, random_tensor({16}), random_tensor({16})},
        [](const Tensors& x) { return layer_norm(x[0], {16}, {.weight = x[1], .bias = x[2]}) * 0.5; });
  check("group_norm", {images, channels, channels},
        [](const Tensors& x) { return group_norm(x[0], 2, {.weight = x[1], .bias = x[2]}) * 0.125; });
  check("batch_norm", {images, channels, channels},
        [](const Tensors& x) { return batch_norm(x[0], {}, {}, x[1], x[2], {.training = true}) * 0.125; });
  check("max_pool2d", {images},
        [](const Tensors& x) { return max_pool2d(x[0], {.kernel_size = 2, .stride = Size2(1)}); });
  check("avg_pool2d", {images}, [](const Tensors& x) { return avg_pool2d(x[0], {.kernel_size = 3}); });
  check("adaptive_avg_pool2d", {images}, [](const Tensors& x) { return adaptive_avg_pool2d(x[0], {4, 5}); });
  check("interpolate", {images}, [](const Tensors& x) {
    return interpolate(x[0], {.size = {9, 11}, .mode = InterpolateMode::bilinear}) * 0.5;
  });
  check("cross_entropy", {rows}, [](const Tensors& x) {
    return cross_entropy(x[0], tensor({3, 0, 7}).to(x[0].device()));
  });
}

TEST_CASE("products and convolutions compute in half precision") {
  const Tensor a = random_tensor({2, 9, 17}), b = random_tensor({2, 17, 12}), scale = full({}, 0.125);
  check("bmm", {a, b}, [](const Tensors& x) { return bmm(x[0] * 0.125, x[1]); });
  check("bmm of transposed", {a.transpose(1, 2).contiguous(), b},
        [](const Tensors& x) { return bmm(x[0].transpose(1, 2) * 0.125, x[1]); });
  check("linear", {a[0], random_tensor({5, 17}), random_tensor({5})},
        [](const Tensors& x) { return linear(x[0] * 0.125, x[1], x[2]); });
  check("conv2d", {random_tensor({2, 3, 6, 6}), random_tensor({4, 3, 3, 3}), random_tensor({4})},
        [](const Tensors& x) { return conv2d(x[0] * 0.125, x[1], x[2], {.padding = 1}); });
}

TEST_CASE("half precision goes by way of float32 where that is forced on a GPU") {
  const Tensor x = random_tensor({2, 3, 6, 6}).to(kFloat16), weight = random_tensor({4, 3, 3, 3}).to(kFloat16);
  const Tensor expected = conv2d(x, weight);
  const kernels::ForceImplementation conv("conv2d", "float32");
  require_close(conv2d(x.to(kCUDA), weight.to(kCUDA)), expected, tolerance_of(kFloat16));
}

TEST_CASE("batch norm takes statistics and weights of float32 with half precision") {
  for (const DType dtype : half_types) {
    for (const Device device : {Device(kCPU), Device(kCUDA)}) {
      const Tensor x = random_tensor({4, 3, 5, 5}).to(dtype), weight = random_tensor({3});
      Tensor mean = zeros({3}, {.device = device}), var = ones({3}, {.device = device});
      Tensor narrow_mean = mean.to(dtype), narrow_var = var.to(dtype);
      const Tensor w = weight.to(device).detach().requires_grad_(), in = x.to(device).detach().requires_grad_();
      const Tensor y = batch_norm(in, mean, var, w, {}, {.training = true});
      const Tensor exact = batch_norm(x.to(kFloat32), {}, {}, weight, {}, {.training = true});
      CHECK(y.dtype() == dtype);
      require_close(y.to(kCPU).to(kFloat32), exact, tolerance_of(dtype));
      require_close(mean, x.to(kFloat32).mean({0, 2, 3}) * 0.1, 1e-6);
      batch_norm(in, narrow_mean, narrow_var, w, {}, {.training = true});
      require_close(narrow_mean.to(kFloat32), mean, tolerance_of(dtype));
      require_close(narrow_var.to(kFloat32), var, tolerance_of(dtype));
      const auto gradients = grad({(y * y).sum()}, {in, w});
      CHECK(gradients[0].dtype() == dtype);
      CHECK(gradients[1].dtype() == kFloat32);
      const Tensor z = batch_norm(in, mean, var, w, {}, {.training = false});
      CHECK(z.dtype() == dtype);
      CHECK(grad({z.sum()}, {in})[0].dtype() == dtype);
    }
  }
}

TEST_CASE("in half precision, too, any number of threads gives the same bits") {
  const int before = num_threads();
  const Tensor x = random_tensor({6, 8, 40, 40}).to(kBFloat16), weight = random_tensor({8, 8, 3, 3}).to(kBFloat16);
  const auto results = [&] {
    const Tensor in = x.contiguous(MemoryFormat::channels_last).requires_grad_(), w = weight.clone().requires_grad_();
    const Tensor y = batch_norm(conv2d(in, w, {}, {.padding = 1}), {}, {}, {}, {}, {.training = true});
    Tensors all{y.detach(), sum(x), softmax(x, 1), max_pool2d(x, {.kernel_size = 2})};
    for (const Tensor& g : grad({(y * y).sum()}, {in, w})) all.push_back(g);
    return all;
  };
  set_num_threads(1);
  const Tensors expected = results();
  for (const int threads : {2, 3, 7}) {
    set_num_threads(threads);
    const Tensors made = results();
    for (std::size_t i = 0; i < made.size(); ++i) require_close(made[i], expected[i], 0);
  }
  set_num_threads(before);
}

TEST_CASE("dropout of half precision keeps what float32 keeps") {
  for (const DType dtype : half_types) {
    for (const Device device : {Device(kCPU), Device(kCUDA)}) {
      const Tensor x = ones({1001});
      manual_seed(3);
      const Tensor expected = dropout(x, 0.25);
      manual_seed(3);
      const Tensor y = dropout(x.to(dtype).to(device), 0.25);
      require_close(y.to(kCPU).to(kFloat32), expected, tolerance_of(dtype));
      CHECK(y.dtype() == dtype);
    }
  }
}

TEST_CASE("optimizers move parameters of half precision") {
  const kernels::OptimStep steps[] = {kernels::SgdStep{0.1, 0.9, 0, 0.01, false, false, false},
                                      kernels::AdamStep{0.1, 0.9, 0.99, 1e-8, 0.01, 1, 1, false, false},
                                      kernels::RmspropStep{0.1, 0.9, 1e-3, 0, 0.9, true, false},
                                      kernels::AdagradStep{0.1, 1e-3, 0, false}};
  for (const DType dtype : half_types) {
    for (const kernels::OptimStep& step : steps) {
      const Tensor p = random_tensor({1100}).to(dtype), g = random_tensor({1100}).to(dtype);
      const Tensor state = (abs(random_tensor({1100})) + 1).to(dtype);
      const auto after = [&](Device device, DType as) {
        const auto copied = [&](const Tensor& t) { return t.to(as).clone().to(device).detach(); };
        kernels::OptimTarget target{copied(p), copied(g), {copied(state), copied(state), copied(state)}};
        on_device(device, [&](auto& context) { kernels::optim_step(context, step, {&target, 1}); });
        return Tensors{target.p, target.states[0], target.states[1]};
      };
      const Tensors expected = after(kCPU, kFloat32);
      for (const Device device : {Device(kCPU), Device(kCUDA)}) {
        const Tensors made = after(device, dtype);
        for (std::size_t i = 0; i < made.size(); ++i) {
          CAPTURE(step.index(), device.is_cuda(), i, to_string(dtype));
          require_close(made[i].to(kCPU).to(kFloat32), expected[i], tolerance_of(dtype));
        }
      }
    }
  }
}

TEST_CASE("each instruction set rounds to half precision as the definition does") {
  std::vector<float> numbers;
  for (std::uint32_t i = 0; i < 0x10000; ++i) {  // each half, its neighbours, and what lies in the middle
    const float exact = static_cast<float>(std::bit_cast<Half>(static_cast<std::uint16_t>(i)));
    if (std::isnan(exact)) continue;
    for (const float x : {exact, std::nextafter(exact, 1e9f), std::nextafter(exact, -1e9f), exact * 1.00048828125f}) {
      numbers.push_back(x);
    }
  }
  const auto count = static_cast<std::int64_t>(numbers.size());
  const auto compare = [&]<class T>(T) {
    std::vector<T> made(numbers.size());
    std::vector<float> back(numbers.size());
    kernels::best([]<kernels::Isa isa> { return kernels::narrow_row<isa, T>; })(numbers.data(), made.data(), count);
    kernels::best([]<kernels::Isa isa> { return kernels::widen_row<isa, T>; })(made.data(), back.data(), count);
    int wrong = 0;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      wrong += made[i].bits != T(numbers[i]).bits ||
               std::bit_cast<std::uint32_t>(back[i]) != std::bit_cast<std::uint32_t>(static_cast<float>(made[i]));
    }
    CHECK(wrong == 0);
  };
  compare(Half());
  compare(BFloat16());
}

}  // namespace ebb::test
