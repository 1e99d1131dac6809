// Batch norm by the emulator's cuDNN, by ebb's own kernels, and on the CPU.
#include <optional>
#include <set>

#include "ebb/autograd/backward.h"
#include "ebb/autograd/ops.h"
#include "ebb/autograd/ops/norm/sync_batch_norm.h"
#include "ebb/comm/communicator.h"
#include "ebb/core/memory/allocator.h"
#include "ebb/kernels/norm/batch_norm.h"

#include "tests/kernels/both_devices.h"
#include "tests/kernels/cudnn/fixture.h"
#include "tests/support/catch.h"

namespace ebb::test {
namespace {

using kernels::NormPass;

Tensor image(const Shape& shape, DType dtype) {
  const Tensor x = random_tensor(shape, dtype);
  return shape.size() == 4 ? x.contiguous(MemoryFormat::channels_last) : x;
}

/// All that a batch norm computes; `name` is forced for all its passes, null leaves the choice.
Tensors whole(Device device, const char* name, const Tensors& given, double eps) {
  Tensors in;
  for (const Tensor& t : given) in.push_back(device.is_cuda() ? on_gpu(t) : t.clone());
  const Tensor &x = in[0], &dy = in[1], &scale = in[2], &shift = in[3], &var = in[5];
  kernels::BatchStatistics saved{empty_like(scale), empty_like(scale), {}};
  kernels::RunningStatistics running{in[4].clone(), var.clone(), 0.3};
  kernels::BatchNormGradients gradients{empty_like(x), empty_like(scale), empty_like(scale), {}};
  Tensor y = empty_like(x), normal = empty_like(x);
  std::optional<kernels::ForceImplementation> force;
  if (name != nullptr) force.emplace("batch_norm", name);
  on_device(device, [&](auto& context) {
    kernels::batch_norm_forward(context, x, scale, shift, eps, {}, running, saved, y);
    kernels::batch_norm_backward(context, dy, x, scale, saved, eps, {}, gradients);
    kernels::batch_norm_inference(context, x, in[4], var, scale, shift, eps, {}, normal);
  });
  return {y,     saved.mean, saved.inverse, running.mean, running.var, gradients.dx, gradients.dscale, gradients.dshift,
          normal};
}

struct Outcome {
  Tensor y, mean, var;
  std::vector<Tensor> gradients;
};

Outcome trained(Device device, const Tensor& x, const Tensor& dy, const Tensor& w, const Tensor& b, DType running) {
  const auto leaf = [&](const Tensor& t) { return t.clone().to(device).detach().requires_grad_(); };
  const std::vector<Tensor> inputs = {leaf(x), leaf(w), leaf(b)};
  const TensorOptions options{.dtype = running, .device = device};
  Outcome out{{}, zeros({3}, options), ones({3}, options), {}};
  out.y = batch_norm(inputs[0], out.mean, out.var, inputs[1], inputs[2], {.training = true});
  const std::vector loss = {(out.y * dy.to(device)).sum()};
  out.gradients = grad(loss, inputs, {}, {.retain_graph = true});
  const std::vector<Tensor> recorded = grad(loss, inputs, {}, {.create_graph = true});
  out.gradients.push_back(grad({(recorded[0] * recorded[0] * dy.to(device)).sum()}, {inputs[0]})[0]);
  return out;
}

void require_same(const Outcome& made, const Outcome& expected) {
  require_close(made.y, expected.y, 1e-5);
  require_close(made.mean, expected.mean, 1e-6);
  require_close(made.var, expected.var, 1e-6);
  for (std::size_t i = 0; i < expected.gradients.size(); ++i)
    require_close(made.gradients[i], expected.gradients[i], 1e-4);
}

}  // namespace

TEST_CASE("cuDNN, ebb's own kernels and the CPU compute the same batch norm") {
  const Fixture fixture;
  for (const Shape& shape : {Shape{4, 3, 5, 2}, Shape{7, 5}, Shape{2, 1, 1, 1}, Shape{3, 33, 4, 4}}) {
    for (const DType dtype : {kFloat32, kFloat64, kFloat16, kBFloat16}) {
      const auto per_channel = [&] { return random_tensor({shape[1]}, opmath_type(dtype)); };
      const Tensors given = {image(shape, dtype), image(shape, dtype), per_channel(),
                             per_channel(),       per_channel(),       (per_channel() * per_channel()).abs()};
      const Tensors expected = whole(kCPU, "plain", given, 1e-3);
      const double tolerance = dtype == kFloat64 ? 1e-9 : dtype == kFloat32 ? 2e-4 : dtype == kFloat16 ? 4e-3 : 3e-2;
      CAPTURE(to_string(shape), to_string(dtype));
      for (const char* name : {"cudnn", "own", static_cast<const char*>(nullptr)}) {
        const std::uint64_t before = emulator::cudnn().norms;
        const Tensors made = whole(kCUDA, name, given, 1e-3);
        for (std::size_t i = 0; i < made.size(); ++i) require_close(made[i], expected[i], tolerance);
        const bool by_cudnn = name != nullptr && name == std::string("cudnn");
        CHECK(emulator::cudnn().norms - before == (by_cudnn ? 3 : 0));
      }
      const Tensors channels = whole(kCPU, nullptr, given, 1e-3);
      for (std::size_t i = 0; i < channels.size(); ++i) require_close(channels[i], expected[i], tolerance);
    }
  }
}

TEST_CASE("batch norm in training goes through cuDNN where it is told to, with its gradients") {
  const Fixture fixture;
  const Tensor x = random_tensor({6, 3, 2, 5}), dy = random_tensor({6, 3, 2, 5}), w = random_tensor({3}),
               b = random_tensor({3});
  const Outcome expected = trained(kCPU, x, dy, w, b, kFloat32);
  const kernels::ForceImplementation force("batch_norm", "cudnn");
  require_same(trained(kCUDA, x, dy, w, b, kFloat32), expected);
  CHECK(emulator::cudnn().norms == 2);  // the gradient with a graph is composed
}

TEST_CASE("running statistics of another dtype are kept by ebb's own kernels") {
  const Fixture fixture;
  const Tensor x = random_tensor({6, 3, 4}), dy = random_tensor({6, 3, 4}), w = random_tensor({3}),
               b = random_tensor({3});
  require_same(trained(kCUDA, x, dy, w, b, kFloat64), trained(kCPU, x, dy, w, b, kFloat64));
  CHECK(emulator::cudnn().norms == 0);
}

TEST_CASE("the choice of a batch norm can be asked, and says why") {
  const Fixture fixture;
  const Tensor x = on_gpu(image({4, 3, 5, 2}, kFloat32)), stats = ones({3}, {.device = kCUDA});
  const auto choice = [&](NormPass pass, const kernels::RunningStatistics* running = nullptr,
                          const kernels::BatchStatistics* saved = nullptr) {
    return kernels::which_batch_norm(cuda_context(0), {x, pass, running, saved});
  };
  const kernels::RunningStatistics one{stats, {}, 0.1}, none{{}, {}, 0.1}, both{stats, stats.clone(), 0.1};
  for (const auto* running : {&one, &none, &both}) CHECK(choice(NormPass::forward, running).name == std::string("own"));
  CHECK(choice(NormPass::inference).name == std::string("own"));
  CHECK(choice(NormPass::parts).name == std::string("own"));
  const kernels::BatchStatistics own{stats, stats, {}}, its{stats, stats, stats};
  CHECK(choice(NormPass::backward, nullptr, &its).name == std::string("own"));
  const kernels::ForceImplementation force("batch_norm", "cudnn");
  CHECK(choice(NormPass::forward, &both).name == std::string("cudnn"));
  CHECK(choice(NormPass::backward, nullptr, &its).name == std::string("cudnn"));
  CHECK_THROWS_WITH(choice(NormPass::forward, &one), ContainsSubstring("it keeps both running statistics or none"));
  CHECK_THROWS_WITH(choice(NormPass::backward, nullptr, &own),
                    ContainsSubstring("cuDNN did not compute the forward pass"));
  backends::cudnn.enabled = false;
  CHECK_THROWS_WITH(choice(NormPass::forward, &none), ContainsSubstring("backends::cudnn.enabled is false"));
  backends::cudnn.enabled = true;
  emulator::cudnn().is_there = false;
  CHECK_THROWS_WITH(choice(NormPass::forward, &none), ContainsSubstring("cuDNN cannot be used: no such file"));
}

TEST_CASE("ebb's own kernels compute the gradient of cuDNN's forward pass, too") {
  const Fixture fixture;
  const Tensor x = random_tensor({6, 3, 2, 5}), w = random_tensor({3});
  const auto gradient = [&](Device device) {
    const Tensor leaf = x.clone().to(device).detach().requires_grad_();
    std::optional<kernels::ForceImplementation> force;
    if (device.is_cuda()) force.emplace("batch_norm", "cudnn");
    const Tensor y = batch_norm(leaf, {}, {}, w.to(device), {}, {.training = true});
    force.reset();
    return grad({(y * y * y).sum()}, {leaf})[0];
  };
  const Tensor expected = gradient(kCPU);
  require_close(gradient(kCUDA), expected, 1e-4);
  CHECK(emulator::cudnn().norms == 1);
}

TEST_CASE("synchronized batch norm stays with the parts") {
  const Fixture fixture;
  const Tensor x = on_gpu(random_tensor({6, 3, 2, 5})), w = on_gpu(random_tensor({3}));
  sync_batch_norm(x, {}, {}, w, {}, comm::alone(), {.training = true});
  CHECK(emulator::cudnn().norms == 0);
}

TEST_CASE("every failure of cuDNN's batch norm names itself, the op and the line, and leaves nothing behind") {
  const Fixture fixture;
  const kernels::ForceImplementation force("batch_norm", "cudnn");
  const Tensor x = on_gpu(random_tensor({6, 3, 2, 5})), w = on_gpu(random_tensor({3}));
  const auto step = [&] {
    const Tensor leaf = x.detach().requires_grad_();
    return grad({(batch_norm(leaf, {}, {}, w, {}, {.training = true}) * x).sum()}, {leaf})[0];
  };
  const Tensor expected = step();
  std::set<std::string> failed;
  for (std::uint64_t n = 1;; ++n) {
    const std::int64_t descriptors = emulator::cudnn().descriptors;
    const std::size_t memory = cuda_allocator(0).stats().allocated;
    emulator::cudnn().fails_at = emulator::cudnn().calls + n;
    emulator::cudnn().failed.clear();
    try {
      require_close(step(), expected, 0);
      if (emulator::cudnn().failed.empty()) break;
      FAIL("nobody noticed that " + emulator::cudnn().failed + " failed");
    } catch (const DeviceError& error) {
      CHECK_THAT(error.what(), ContainsSubstring("cuDNN reports CUDNN_STATUS_INTERNAL_ERROR: " +
                                                 emulator::cudnn().failed + " was told to fail"));
      CHECK_THAT(error.op(), ContainsSubstring("batch_norm"));
      CHECK(to_string(error.site()).find("norm_test.cpp:") == 0);
    }
    failed.insert(emulator::cudnn().failed);
    CHECK(emulator::cudnn().descriptors == descriptors);
    CHECK(cuda_allocator(0).stats().allocated == memory);
  }
  CHECK(failed == std::set<std::string>{"cudnnSetStream", "cudnnCreateTensorDescriptor", "cudnnSetTensor4dDescriptor",
                                        "cudnnGetBatchNormalizationForwardTrainingExWorkspaceSize",
                                        "cudnnGetBatchNormalizationBackwardExWorkspaceSize",
                                        "cudnnGetBatchNormalizationTrainingExReserveSpaceSize",
                                        "cudnnBatchNormalizationForwardTrainingEx",
                                        "cudnnBatchNormalizationBackwardEx"});
}

}  // namespace ebb::test
