// The kernels of batch norm, dropout and the choice of classes.
#include "ebb/autograd/backward.h"
#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/norm/sync_batch_norm.h"
#include "ebb/autograd/ops/shape/convert.h"
#include "ebb/comm/communicator.h"
#include "ebb/core/backends/backends.h"
#include "ebb/kernels/elementwise/elementwise.h"
#include "ebb/kernels/index/pick.h"
#include "ebb/kernels/norm/batch_norm.h"
#include "ebb/kernels/random/dropout.h"

#include "tests/kernels/both_devices.h"
#include "tests/support/catch.h"

namespace ebb::test {

constexpr DType floating_types[] = {kFloat32, kFloat64, kFloat16, kBFloat16};

TEST_CASE("batch norm statistics and gradients agree") {
  for (const Shape& shape :
       {Shape{6, 3}, Shape{50, 33}, Shape{1, 7}, Shape{2000, 5}, Shape{700, 132}, Shape{3, 8}, Shape{0, 4}}) {
    for (const DType dtype : floating_types) {
      const Tolerance tolerance = tolerance_of(dtype, 1e-4, 1e-10);
      const std::int64_t channels = shape[1];
      const Tensor x = random_tensor(shape, dtype), dy = random_tensor(shape, dtype);
      const auto per_channel = [&] { return random_tensor({channels}, opmath_type(dtype)); };
      const Tensor mean = per_channel(), a = per_channel(), b = per_channel(), c = per_channel();
      CAPTURE(to_string(shape));
      require_agreement({x}, {mean, a}, tolerance, [](auto& context, const Tensors& in, Tensors& out) {
        kernels::batch_norm_stats(context, in[0], out[0], out[1]);
      });
      require_agreement({x, mean, a, b}, {x}, tolerance, [](auto& context, const Tensors& in, Tensors& out) {
        kernels::batch_norm_apply(context, in[0], in[1], in[2], in[3], out[0]);
      });
      require_agreement({dy, x, mean}, {a, b}, tolerance, [](auto& context, const Tensors& in, Tensors& out) {
        kernels::batch_norm_backward_sums(context, in[0], in[1], in[2], out[0], out[1]);
      });
      require_agreement({dy, x, mean, a, b, c}, {x}, tolerance, [](auto& context, const Tensors& in, Tensors& out) {
        kernels::batch_norm_backward_apply(context, in[0], in[1], in[2], in[3], in[4], in[5], out[0]);
      });
    }
  }
}

static void check_whole_batch_norms() {
  for (const Shape& shape : {Shape{4, 3, 5, 2}, Shape{7, 5}, Shape{2, 1, 3, 3}, Shape{16, 64, 7, 7}}) {
    for (const DType dtype : floating_types) {
      const auto image = [&] {
        const Tensor x = random_tensor(shape, dtype);
        return shape.size() == 4 ? x.contiguous(MemoryFormat::channels_last) : x;
      };
      const auto per_channel = [&] { return random_tensor({shape[1]}, opmath_type(dtype)); };
      const Tensor c = per_channel(), x = image();
      CAPTURE(to_string(shape), to_string(dtype));
      require_agreement({x, image(), c, per_channel(), per_channel(), ones({shape[1]}, {.dtype = opmath_type(dtype)})},
                        {x, x, x, c, c, c, c, c, c, zeros({}, {.dtype = kInt64})}, tolerance_of(dtype, 2e-4, 1e-9),
                        [](auto& context, const Tensors& in, Tensors& out) {
                          kernels::BatchStatistics saved{out[3], out[4], {}};
                          out[9].fill_(4);
                          kernels::RunningStatistics running{out[5], out[6], 0.3, out[9]};
                          kernels::copy(context, in[4], out[5]);
                          kernels::copy(context, in[5], out[6]);
                          kernels::batch_norm_forward(context, in[0], in[2], in[3], 1e-3, {}, running, saved, out[0]);
                          kernels::BatchNormGradients gradients{out[1], out[7], out[8], {}};
                          kernels::batch_norm_backward(context, in[1], in[0], in[2], saved, 1e-3, {}, gradients);
                          kernels::batch_norm_inference(context, in[0], in[4], in[5], in[2], in[3], 1e-3, {}, out[2]);
                        });
    }
  }
}

TEST_CASE("batch norms with a residual and a ReLU agree") {
  for (const Shape& shape : {Shape{4, 3, 5, 2}, Shape{7, 5}, Shape{16, 64, 7, 7}}) {
    for (const DType dtype : floating_types) {
      for (const int kind : {0, 1, 2}) {
        const bool has_residual = kind > 0, wants_residual = kind == 2;
        const auto image = [&] {
          const Tensor x = random_tensor(shape, dtype);
          return shape.size() == 4 ? x.contiguous(MemoryFormat::channels_last) : x;
        };
        const auto per_channel = [&] { return random_tensor({shape[1]}, opmath_type(dtype)); };
        const Tensor x = image(), c = per_channel();
        CAPTURE(to_string(shape), to_string(dtype), kind);
        require_agreement(
            {x, image(), image(), c, per_channel(), ones({shape[1]}, {.dtype = opmath_type(dtype)})},
            {x, x, x, x, c, c, c, c}, tolerance_of(dtype, 2e-4, 1e-9),
            [&](auto& context, const Tensors& in, Tensors& out) {
              const kernels::NormTail tail{true, has_residual ? in[2] : Tensor()};
              kernels::BatchStatistics saved{out[4], out[5], {}};
              kernels::RunningStatistics running{{}, {}, 0};
              kernels::batch_norm_forward(context, in[0], in[3], in[4], 1e-3, tail, running, saved, out[0]);
              const kernels::NormResult result{out[0], in[4], has_residual};
              kernels::BatchNormGradients gradients{out[1], out[6], out[7], wants_residual ? out[2] : Tensor()};
              kernels::batch_norm_backward(context, in[1], in[0], in[3], saved, 1e-3, result, gradients);
              if (!wants_residual) kernels::copy(context, in[1], out[2]);
              kernels::batch_norm_inference(context, in[0], in[4], in[5], in[3], in[4], 1e-3, tail, out[3]);
            });
      }
    }
  }
}

TEST_CASE("whole batch norms agree") {
  for (const bool by_cudnn : {true, false}) {
    backends::cudnn.enabled = by_cudnn;
    check_whole_batch_norms();
  }
  backends::cudnn.enabled = true;
}

TEST_CASE("each implementation of batch norm computes what the plainest does") {
  CpuContext cpu;
  for (const Shape& shape : {Shape{6, 3}, Shape{50, 33}, Shape{1, 7}, Shape{2000, 5}, Shape{7, 300}, Shape{0, 4}}) {
    const Tensor x = random_tensor(shape, kFloat64), dy = random_tensor(shape, kFloat64);
    const Tensor a = random_tensor({shape[1]}, kFloat64), b = random_tensor({shape[1]}, kFloat64);
    const auto made_by = [&](const char* name) {
      const kernels::ForceImplementation force("batch_norm", name);
      CHECK(kernels::which_batch_norm(cpu, {x}).name == std::string(name));
      Tensors made{empty_like(a), empty_like(a), empty_like(a), empty_like(a), empty_like(x), empty_like(x)};
      for (const bool relu : {false, true}) {
        for (const Tensor& residual : {Tensor(), dy}) {
          made.push_back(empty_like(x));
          kernels::batch_norm_apply(cpu, x, a, b, a, {relu, residual}, made.back());
        }
      }
      kernels::batch_norm_stats(cpu, x, made[0], made[1]);
      kernels::batch_norm_backward_sums(cpu, dy, x, a, made[2], made[3]);
      kernels::batch_norm_apply(cpu, x, a, b, a, made[4]);
      kernels::batch_norm_backward_apply(cpu, dy, x, a, b, a, b, made[5]);
      return made;
    };
    const Tensors expected = made_by("plain"), made = made_by("channels");
    for (std::size_t i = 0; i < made.size(); ++i) require_close(made[i], expected[i], 1e-10);
  }
}

TEST_CASE("batch norm statistics survive a large mean") {
  Tensor x = random_tensor({3000, 4}).mul_(0.01).add_(1000.0);
  const Tensor exact = x.to(kFloat64), deviation = exact - exact.mean({0}, true);
  const Tensor m2 = (deviation * deviation).sum({0});
  Tensor mean_gpu = empty({4}, {.device = kCUDA}), m2_gpu = empty({4}, {.device = kCUDA});
  kernels::batch_norm_stats(cuda_context(0), on_gpu(x), mean_gpu, m2_gpu);
  require_close(mean_gpu.to(kFloat64), exact.mean({0}), 1e-6);
  require_close(m2_gpu.to(kFloat64), m2, 0.02);
}

TEST_CASE("synchronized batch norm on a GPU is batch norm, with its gradients") {
  const Tensor x = random_tensor({6, 3, 2, 5}), dy = random_tensor({6, 3, 2, 5}), w = random_tensor({3}),
               b = random_tensor({3});
  struct Outcome {
    Tensor y, mean, var;
    std::vector<Tensor> gradients;
  };
  const auto outcome = [&](Device device) {
    const auto leaf = [&](const Tensor& t) { return t.clone().to(device).detach().requires_grad_(); };
    const std::vector<Tensor> inputs = {leaf(x), leaf(w), leaf(b)};
    Outcome out{{}, zeros({3}, {.device = device}), ones({3}, {.device = device}), {}};
    const BatchNormOptions options{.training = true};
    out.y = device.is_cuda()
                ? sync_batch_norm(inputs[0], out.mean, out.var, inputs[1], inputs[2], comm::alone(), options)
                : batch_norm(inputs[0], out.mean, out.var, inputs[1], inputs[2], options);
    const std::vector loss = {(out.y * dy.to(device)).sum()};
    out.gradients = grad(loss, inputs, {}, {.retain_graph = true});
    const std::vector<Tensor> recorded = grad(loss, inputs, {}, {.create_graph = true});
    out.gradients.push_back(grad({(recorded[0] * recorded[0] * dy.to(device)).sum()}, {inputs[0]})[0]);
    return out;
  };
  const Outcome expected = outcome(kCPU), made = outcome(kCUDA);
  require_close(made.y.detach(), expected.y.detach(), 1e-5);
  require_close(made.mean, expected.mean, 1e-6);
  require_close(made.var, expected.var, 1e-6);
  for (std::size_t i = 0; i < 4; ++i) require_close(made.gradients[i], expected.gradients[i], 1e-4);
}

TEST_CASE("dropout keeps the same elements on both devices") {
  const Philox random{123456789012345};
  for (const Shape& shape : {Shape{}, Shape{0}, Shape{3, 5}, Shape{1030}}) {
    for (const DType dtype : {kFloat32, kFloat64}) {
      for (const double p : {0.0, 0.3, 0.9}) {
        const Tensor x = random_tensor(shape, dtype);
        require_agreement({x}, {x}, 1e-6, [&](auto& context, const Tensors& in, Tensors& out) {
          kernels::dropout(context, in[0], p, {random, std::uint64_t{1} << 33, {}}, out[0]);
        });
      }
    }
  }
}

TEST_CASE("picked classes and their gradient agree") {
  for (const Shape& shape : {Shape{5, 4, 1}, Shape{3, 7, 11}, Shape{0, 4, 2}, Shape{300, 3, 2}}) {
    for (const DType dtype : {kFloat32, kFloat64}) {
      Tensor target = empty({shape[0], shape[2]}, {.dtype = kInt64});
      for (std::int64_t i = 0; i < target.numel(); ++i) {
        target.data<std::int64_t>()[i] = i % 5 == 2 ? -100 : i * 7 % shape[1];
      }
      const Tensor dy = random_tensor({shape[0], shape[2]}, dtype), x = random_tensor(shape, dtype);
      for (const Tensor& source : layouts_of(x)) {
        require_agreement({source, target}, {dy}, 0, [](auto& context, const Tensors& in, Tensors& out) {
          kernels::pick(context, in[0], in[1], -100, out[0]);
        });
      }
      for (const Tensor& source : layouts_of(dy)) {
        require_agreement({source, target}, {x}, 0, [](auto& context, const Tensors& in, Tensors& out) {
          kernels::put(context, in[0], in[1], -100, out[0]);
        });
      }
    }
  }
}

TEST_CASE("a class outside of the range gives NaN on a GPU") {
  Tensor target = empty({2, 1}, {.dtype = kInt64});
  target.data<std::int64_t>()[0] = 4;
  target.data<std::int64_t>()[1] = -1;
  const Tensor x = on_gpu(random_tensor({2, 4, 1}));
  Tensor y = empty({2, 1}, {.device = kCUDA});
  kernels::pick(cuda_context(0), x, on_gpu(target), -100, y);
  const Tensor back = y.to(kCPU);
  CHECK(back.data<float>()[0] != back.data<float>()[0]);
  CHECK(back.data<float>()[1] != back.data<float>()[1]);
}

}  // namespace ebb::test
