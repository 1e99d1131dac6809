// What the emulator's cuDNN computes against the CPU: all passes, epilogues, dtypes, and gradients of ops.
#include "ebb/autograd/backward.h"
#include "ebb/autograd/ops.h"
#include "ebb/kernels/conv/conv.h"

#include "tests/kernels/both_devices.h"
#include "tests/kernels/cudnn/fixture.h"
#include "tests/support/catch.h"

namespace ebb::test {
namespace {

using kernels::Epilogue;

Tensor image(const Shape& shape, DType dtype) {
  return random_tensor(shape, kFloat32).to(dtype).contiguous(MemoryFormat::channels_last);
}

constexpr kernels::ConvGeometry geometry{{2, 1}, {1, 0}, {1, 2}, 2};
const Shape x_shape{2, 4, 7, 8}, weight_shape{6, 2, 3, 3}, y_shape{2, 6, 4, 4};

/// The parts of an epilogue that the bits of `parts` say.
Epilogue epilogue(int parts, const Tensor& scale, const Tensor& shift, const Tensor& residual) {
  return {.scale = (parts & 1) != 0 ? scale : Tensor(),
          .shift = (parts & 2) != 0 ? shift : Tensor(),
          .residual = (parts & 4) != 0 ? residual : Tensor(),
          .activation = (parts & 8) != 0 ? Epilogue::Activation::relu : Epilogue::Activation::none};
}

double tolerance(DType dtype) {
  return dtype == kFloat64 ? 1e-11 : dtype == kFloat32 ? 1e-4 : dtype == kFloat16 ? 4e-3 : 3e-2;
}

/// What the CPU computes of the same numbers, in double.
Tensor expected(const Tensor& x, const Tensor& weight, const Epilogue& e) {
  const auto wide = [](const Tensor& t) { return t.defined() ? t.to(kFloat64) : t; };
  CpuContext cpu;
  Tensor y = empty(y_shape, {.dtype = kFloat64}, MemoryFormat::channels_last);
  kernels::conv2d(cpu, wide(x), wide(weight), {wide(e.scale), wide(e.shift), wide(e.residual), e.activation}, geometry,
                  y);
  return y;
}

}  // namespace

TEST_CASE("every epilogue is computed, in one plan where cuDNN does it") {
  const Fixture fixture;
  for (const DType dtype : {kFloat32, kFloat64, kFloat16, kBFloat16}) {
    const Tensor x = image(x_shape, dtype), weight = random_tensor(weight_shape).to(dtype);
    const Tensor scale = random_tensor({6}).to(dtype), shift = random_tensor({6}).to(dtype);
    const Tensor residual = image(y_shape, dtype);
    for (const bool finishes : {true, false}) {
      for (auto& [index, engine] : emulator::cudnn().engines) engine.finishes = finishes;
      fixture.forget();
      for (int parts = 0; parts < 16; ++parts) {
        CAPTURE(to_string(dtype), parts, finishes);
        Tensor y = empty_strided(y_shape, residual.strides(), {.dtype = dtype, .device = kCUDA});
        const std::uint64_t before = emulator::statistics().launches;
        const Tensor there = on_gpu(x), weight_there = on_gpu(weight), residual_there = on_gpu(residual);
        kernels::conv2d(cuda_context(0), there, weight_there,
                        epilogue(parts, on_gpu(scale), on_gpu(shift), residual_there), geometry, y);
        const Tensor wanted = expected(x, weight, epilogue(parts, scale, shift, residual));
        require_close(y.to(kCPU).to(kFloat64), wanted, tolerance(dtype));
        const bool in_plan = parts == 0 || (finishes && (parts == 2 || parts == 10 || parts == 14));
        CHECK(emulator::statistics().launches - before == (in_plan ? 1 : 2));  // one packs the weight
      }
    }
  }
}

TEST_CASE("gradients of 16 bits are computed") {
  const Fixture fixture;
  for (const DType dtype : {kFloat16, kBFloat16}) {
    const Tensor x = image(x_shape, dtype), weight = random_tensor(weight_shape).to(dtype), dy = image(y_shape, dtype);
    CpuContext cpu;
    Tensor dx = empty(x_shape, {.dtype = kFloat64}, MemoryFormat::channels_last),
           dw = empty(weight_shape, {.dtype = kFloat64});
    kernels::conv2d_backward_input(cpu, dy.to(kFloat64), weight.to(kFloat64), {}, geometry, dx);
    kernels::conv2d_backward_weight(cpu, x.to(kFloat64), dy.to(kFloat64), geometry, dw);
    const Tensor leaf = on_gpu(x).requires_grad_(), trained = on_gpu(weight).requires_grad_();
    const Tensor bias = zeros({6}, {.dtype = dtype, .device = kCUDA, .requires_grad = true});
    const Tensor y =
        conv2d(leaf, trained, bias, {.stride = {2, 1}, .padding = {1, 0}, .dilation = {1, 2}, .groups = 2});
    const auto gradients = grad({y}, {leaf, trained, bias}, {on_gpu(dy)});
    require_close(gradients[0].to(kCPU).to(kFloat64), dx, tolerance(dtype));
    require_close(gradients[1].to(kCPU).to(kFloat64), dw, 4 * tolerance(dtype));
    require_close(gradients[2].to(kCPU).to(kFloat64), dy.to(kFloat64).sum({0, 2, 3}), 4 * tolerance(dtype));
    CHECK(gradients[2].dtype() == dtype);
  }
}

TEST_CASE("ops on the GPU and their gradients, first and second, are the CPU's") {
  const Fixture fixture;
  struct Op {
    Shape x, weight;
    std::int64_t channels;
    std::function<Tensor(const Tensor&, const Tensor&, const Tensor&)> call;
  };
  const Op ops[] = {{x_shape, weight_shape, 6,
                     [](const Tensor& x, const Tensor& w, const Tensor& b) {
                       return conv2d(x, w, b, {.stride = {2, 1}, .padding = {1, 0}, .dilation = {1, 2}, .groups = 2});
                     }},
                    {{2, 4, 3, 5},
                     {4, 3, 3, 2},
                     6,
                     [](const Tensor& x, const Tensor& w, const Tensor& b) {
                       return conv_transpose2d(
                           x, w, b,
                           {.stride = {2, 3}, .padding = 1, .output_padding = {1, 2}, .groups = 2, .dilation = {2, 1}});
                     }},
                    {{2, 3, 9},
                     {4, 3, 3},
                     4,
                     [](const Tensor& x, const Tensor& w, const Tensor& b) { return conv1d(x, w, b, {.padding = 1}); }},
                    {{1, 2, 4, 5, 4}, {3, 2, 2, 3, 3}, 3, [](const Tensor& x, const Tensor& w, const Tensor& b) {
                       return conv3d(x, w, b, {.padding = {1}});
                     }}};
  for (const Op& op : ops) {
    const Tensor x = random_tensor(op.x, kFloat64), w = random_tensor(op.weight, kFloat64),
                 b = random_tensor({op.channels}, kFloat64);
    const auto outcome = [&](Device device) {
      const auto leaf = [&](const Tensor& t) { return t.clone().to(device).detach().requires_grad_(); };
      const std::vector<Tensor> inputs = {leaf(x), leaf(w), leaf(b)};
      const Tensor y = op.call(inputs[0], inputs[1], inputs[2]);
      std::vector<Tensor> made = grad(std::vector{(y * y).sum()}, inputs, {}, {.create_graph = true});
      const auto second = grad(std::vector{(made[0] * made[0]).sum() + (made[1] * made[1]).sum()}, inputs);
      made.push_back(y);
      made.insert(made.end(), second.begin(), second.end());
      return made;
    };
    const auto on_cpu = outcome(kCPU), made = outcome(kCUDA);
    for (std::size_t i = 0; i < made.size(); ++i) require_close(made[i], on_cpu[i], 1e-9);
  }
  CHECK(emulator::cudnn().executed.size() >= 4 * 6);
}

}  // namespace ebb::test
