// Convolutions through the emulator's cuDNN: what is chosen, kept, refused, and what happens where cuDNN fails.
#include <set>
#include <thread>

#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops.h"
#include "ebb/core/backends/backends.h"
#include "ebb/core/cuda/context.h"
#include "ebb/core/cuda/cudnn/session.h"
#include "ebb/core/dlpack/dlpack.h"
#include "ebb/core/memory/allocator.h"
#include "ebb/kernels/conv/conv.h"
#include "ebb/kernels/conv/conv_graph_cudnn.h"

#include "tests/kernels/both_devices.h"
#include "tests/kernels/cudnn/fixture.h"
#include "tests/support/catch.h"

namespace ebb::test {
namespace {

using kernels::ConvGeometry;
using kernels::ConvPass;
using kernels::CudnnConv;
using kernels::Epilogue;

constexpr ConvGeometry plain_geometry{{1, 1}, {1, 1}, {1, 1}, 1};

Tensor image(const Shape& shape, DType dtype = kFloat32) {
  return random_tensor(shape, kFloat32).to(dtype).contiguous(MemoryFormat::channels_last);
}

kernels::Choice choice(DType dtype = kFloat32) {
  const Tensor x = image({2, 3, 6, 5}), weight = random_tensor({4, 3, 3, 3}), y = image({2, 4, 6, 5});
  return kernels::which_conv2d(cuda_context(0), {ConvPass::forward, {x, weight, plain_geometry, y}, dtype});
}

/// What a call of an op on the GPU leaves behind.
struct Left {
  std::int64_t descriptors = emulator::cudnn().descriptors;
  std::size_t memory = cuda_allocator(0).stats().allocated;
  bool operator==(const Left&) const = default;
};

}  // namespace

TEST_CASE("where cuDNN cannot be started the error says so, and the next call tries again") {
  const Fixture fixture;
  emulator::set_device_count(2);
  const Device other{DeviceType::cuda, 1};  // which no other test uses
  const Tensor x = image({2, 3, 6, 5}), weight = random_tensor({4, 3, 3, 3});
  const Tensor there = x.to(other), weight_there = weight.to(other);
  emulator::cudnn().captures = true;
  CHECK_THROWS_WITH(conv2d(there, weight_there), ContainsSubstring("conv2d: cuDNN is used for the first time") &&
                                                     ContainsSubstring("run the step once before"));
  emulator::cudnn().captures = false;
  emulator::cudnn().fails_at = emulator::cudnn().calls + 1;
  CHECK_THROWS_WITH(conv2d(there, weight_there),
                    ContainsSubstring("conv2d: cuDNN reports CUDNN_STATUS_INTERNAL_ERROR") &&
                        ContainsSubstring("cudnnCreate was told to fail"));
  require_close(conv2d(there, weight_there), conv2d(x, weight), 1e-4);
  emulator::set_device_count(1);
}

TEST_CASE("cuDNN convolves where it can, and ebb's own kernel says why it does not") {
  const Fixture fixture;
  CHECK(choice().name == std::string("cudnn"));
  CHECK(choice(kBFloat16).name == std::string("cudnn"));
  backends::cudnn.enabled = false;
  CHECK(choice().name == std::string("im2col"));
  CHECK(choice().reason == "cudnn does not take it: backends::cudnn.enabled is false");
  backends::cudnn.enabled = true;
  emulator::cudnn().is_there = false;
  CHECK(choice().reason == "cudnn does not take it: cuDNN cannot be used: no such file");
  CHECK_FALSE(backends::cudnn.is_available());
  CHECK(backends::cudnn.version() == 0);
  CHECK(backends::cudnn.why_not() == "cuDNN cannot be used: no such file");
  CHECK(choice(kBFloat16).name == std::string("float32"));
  CHECK_THAT(choice(kBFloat16).reason, ContainsSubstring("cudnn does not take it: cuDNN cannot be used") &&
                                           ContainsSubstring("direct does not take it: it needs float32 or float64"));
  const kernels::ForceImplementation force("conv2d", "cudnn");
  CHECK_THROWS_WITH(choice(), ContainsSubstring("\"cudnn\" is forced, but cuDNN cannot be used"));
  emulator::cudnn().is_there = true;
  CHECK(choice().reason == "it is forced");
  CHECK(backends::cudnn.version() == 91900);
}

TEST_CASE("a convolution that no engine takes is computed by ebb's own kernel") {
  const Fixture fixture;
  for (auto& [index, engine] : emulator::cudnn().engines) engine.plans = false;
  CHECK(choice().reason == "cudnn does not take it: cuDNN has no plan for it");
  const Tensor x = image({2, 3, 6, 5}), weight = random_tensor({4, 3, 3, 3});
  require_close(conv2d(on_gpu(x), on_gpu(weight)), conv2d(x, weight), 1e-4);
  require_close(conv2d(on_gpu(x).to(kFloat16), on_gpu(weight).to(kFloat16)).to(kFloat32), conv2d(x, weight), 2e-2);
  CHECK(emulator::cudnn().executed.empty());
}

TEST_CASE("the heuristic decides, and where all that it names fails, the fallback") {
  const Fixture fixture;
  const Tensor x = on_gpu(image({2, 3, 6, 5})), weight = on_gpu(random_tensor({4, 3, 3, 3}));
  conv2d(x, weight);
  for (const std::int64_t index : {1, 2, 3}) emulator::cudnn().engines[index].plans = false;
  fixture.forget();
  conv2d(x, weight);
  CHECK(emulator::cudnn().executed == std::vector<std::int64_t>{1, 9});
}

TEST_CASE("switches keep engines away") {
  const Fixture fixture;
  const Tensor x = on_gpu(image({2, 3, 6, 5})), weight = on_gpu(random_tensor({4, 3, 3, 3}));
  conv2d(x, weight);
  backends::cudnn.allow_tf32 = false;
  conv2d(x, weight);
  conv2d(x.to(kFloat64), weight.to(kFloat64));  // which no engine rounds
  backends::cudnn.deterministic = true;
  conv2d(x, weight);
  backends::cudnn.allow_tf32 = true;
  emulator::cudnn().heuristic = {2, 1};
  conv2d(x, weight);
  backends::cudnn.deterministic = false;
  backends::cudnn.workspace_limit = 255;
  emulator::cudnn().heuristic = {1, 2};
  fixture.forget();
  conv2d(x, weight);
  CHECK(emulator::cudnn().executed == std::vector<std::int64_t>{1, 2, 1, 3, 1, 2});
}

TEST_CASE("the key of a plan changes with everything that the plan depends on") {
  const Tensor x = image({2, 4, 6, 5}), weight = random_tensor({4, 2, 3, 3}), y = image({2, 4, 6, 5});
  const CudnnConv original =
      kernels::cudnn_conv(ConvPass::forward, {x, weight, {{1, 1}, {1, 1}, {1, 1}, 2}, y}, kFloat32);
  std::vector<std::function<void(CudnnConv&)>> changes = {[](CudnnConv& c) { c.pass = ConvPass::backward_input; },
                                                          [](CudnnConv& c) { c.pass = ConvPass::backward_weight; },
                                                          [](CudnnConv& c) { c.dtype = kBFloat16; },
                                                          [](CudnnConv& c) { c.geometry.groups = 1; },
                                                          [](CudnnConv& c) { c.shift = true; },
                                                          [](CudnnConv& c) { c.relu = true; },
                                                          [](CudnnConv& c) { c.shift = c.relu = true; },
                                                          [](CudnnConv& c) { c.residual = true; },
                                                          [](CudnnConv& c) {
                                                            c.residual = true;
                                                            c.residual_alignment = 4;
                                                          },
                                                          [](CudnnConv& c) {
                                                            c.shift = true;
                                                            c.shift_alignment = 4;
                                                          },
                                                          [](CudnnConv& c) { c.deterministic = true; },
                                                          [](CudnnConv& c) { c.allow_tf32 = false; }};
  for (const std::size_t i : {0, 1}) {
    changes.push_back([i](CudnnConv& c) { c.geometry.stride[i] = 3; });
    changes.push_back([i](CudnnConv& c) { c.geometry.padding[i] = 3; });
    changes.push_back([i](CudnnConv& c) { c.geometry.dilation[i] = 3; });
  }
  for (const auto tensor : {&CudnnConv::x, &CudnnConv::weight, &CudnnConv::y}) {
    changes.push_back([tensor](CudnnConv& c) { (c.*tensor).alignment = 4; });
    for (std::size_t i = 0; i < 4; ++i) {
      changes.push_back([tensor, i](CudnnConv& c) { (c.*tensor).shape[i] = 77; });
      changes.push_back([tensor, i](CudnnConv& c) { (c.*tensor).strides[i] = 77; });
    }
  }
  std::set<std::string> keys{original.key()};
  for (const auto& change : changes) {
    CudnnConv changed = original;
    change(changed);
    CHECK(keys.insert(changed.key()).second);
  }
  CHECK(CudnnConv(original).key() == original.key());
}

TEST_CASE("equal convolutions share a plan, and others get one each") {
  const Fixture fixture;
  const Tensor x = on_gpu(image({2, 4, 6, 5})), weight = on_gpu(random_tensor({4, 4, 3, 3}));
  const Tensor bias = on_gpu(random_tensor({4})), grouped = on_gpu(random_tensor({4, 2, 3, 3}));
  const Tensor room = empty({x.numel() + 1}, {.device = kCUDA});
  const Tensor misaligned = room.alias(x.shape(), x.strides(), 1).detach().copy_(x);
  const std::vector<std::function<void()>> calls = {[&] { conv2d(x, weight); },
                                                    [&] { conv2d(x.to(kBFloat16), weight.to(kBFloat16)); },
                                                    [&] { conv2d(x.narrow(0, 0, 1), weight); },
                                                    [&] { conv2d(x, weight, bias); },
                                                    [&] {
                                                      conv2d(x, weight, {}, {.stride = {2, 1}});
                                                    },
                                                    [&] { conv2d(x, weight, {}, {.padding = 2}); },
                                                    [&] {
                                                      conv2d(x, weight, {}, {.dilation = {1, 2}});
                                                    },
                                                    [&] { conv2d(x, grouped, {}, {.groups = 2}); },
                                                    [&] { conv2d(misaligned, weight); },
                                                    [&] { conv_transpose2d(x, weight); },
                                                    [&] {
                                                      backends::cudnn.deterministic = true;
                                                      conv2d(x, weight);
                                                      backends::cudnn.deterministic = false;
                                                    },
                                                    [&] {
                                                      backends::cudnn.allow_tf32 = false;
                                                      conv2d(x, weight);
                                                      backends::cudnn.allow_tf32 = true;
                                                    }};
  std::size_t expected = 0;
  for (const auto& call : calls) {
    call();
    CHECK(fixture.session().plans() == ++expected);
    const std::uint64_t made = emulator::cudnn().plans;
    call();
    CHECK(fixture.session().plans() == expected);
    CHECK(emulator::cudnn().plans == made);
  }
}

TEST_CASE("plans that were used longest ago go first") {
  const Fixture fixture;
  backends::cudnn.plan_limit = 2;
  const Tensor x = on_gpu(image({2, 4, 6, 5})), weight = on_gpu(random_tensor({4, 4, 3, 3}));
  const auto made = [&](std::int64_t padding) {
    const std::uint64_t before = emulator::cudnn().plans;
    conv2d(x, weight, {}, {.padding = padding});
    return emulator::cudnn().plans - before;
  };
  CHECK(made(0) == 1);
  CHECK(made(1) == 1);
  CHECK(made(0) == 0);
  CHECK(made(2) == 1);  // 1 goes
  CHECK(made(0) == 0);
  CHECK(made(1) == 1);  // 2 goes
  CHECK(made(0) == 0);
  CHECK(made(2) == 1);
  CHECK(fixture.session().plans() == 2);
}

TEST_CASE("after the first call a convolution asks the GPU for no more memory") {
  const Fixture fixture;
  const Tensor x = on_gpu(image({2, 4, 6, 5})), weight = on_gpu(random_tensor({4, 4, 3, 3}));
  emulator::cudnn().engines[1].workspace = 5 << 20;
  const auto pass = [&] {
    const Tensor leaf = x.detach().requires_grad_(), trained = weight.detach().requires_grad_();
    conv2d(leaf, trained).sum().backward();
  };
  pass();
  if (emulator::cudnn().executed.empty()) FAIL("cuDNN did not run");
  const std::uint64_t before = cuda_allocator(0).stats().from_system, live = cuda_allocator(0).stats().allocated;
  pass();
  CHECK(cuda_allocator(0).stats().from_system == before);
  CHECK(cuda_allocator(0).stats().allocated == live);
}

TEST_CASE("a weight is brought into cuDNN's order once, until it is written to") {
  const Fixture fixture;
  const Tensor x = on_gpu(image({2, 4, 6, 5})), weight = on_gpu(random_tensor({4, 4, 3, 3}));
  const auto launches = [&] {
    const std::uint64_t before = emulator::statistics().launches;
    conv2d(x, weight);
    return emulator::statistics().launches - before;
  };
  CHECK(launches() == 1);
  CHECK(launches() == 0);
  no_grad([&] { weight.mul_(2.0); });
  const Tensor expected = conv2d(x.to(kCPU), weight.to(kCPU));
  CHECK(launches() == 1);
  require_close(conv2d(x, weight), expected, 1e-4);
  auto* managed = to_dlpack(weight);
  CHECK(launches() == 1);
  CHECK(launches() == 1);
  managed->deleter(managed);
  const Tensor pointwise = on_gpu(random_tensor({4, 4, 1, 1}));
  const std::uint64_t before = emulator::statistics().launches;
  conv2d(x, pointwise);
  CHECK(emulator::statistics().launches == before);
}

TEST_CASE("while a graph is captured no engine is timed") {
  const Fixture fixture;
  const Tensor x = on_gpu(image({2, 4, 6, 5})), weight = on_gpu(random_tensor({4, 4, 3, 3}));
  conv2d(x, weight);
  fixture.forget();
  emulator::cudnn().executed.clear();
  emulator::cudnn().captures = true;
  backends::cudnn.benchmark = true;
  for (int i = 0; i < 2; ++i) conv2d(x, weight);
  CHECK(emulator::cudnn().executed == std::vector<std::int64_t>{1, 1});
}

TEST_CASE("several threads convolve at the same time") {
  const Fixture fixture;
  const Tensor x = image({2, 4, 6, 5}), weight = random_tensor({4, 4, 3, 3});
  const Tensor there = on_gpu(x), weight_there = on_gpu(weight);
  std::vector<Tensor> expected, made(8);
  for (std::size_t i = 0; i < made.size(); ++i) {
    expected.push_back(conv2d(x, weight, {}, {.padding = static_cast<std::int64_t>(i) % 3}));
  }
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < made.size(); ++i) {
    threads.emplace_back([&, i] {
      const Conv2dOptions options{.padding = static_cast<std::int64_t>(i) % 3};
      for (int k = 0; k < 5; ++k) made[i] = conv2d(there, weight_there, {}, options);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < made.size(); ++i) require_close(made[i], expected[i], 1e-4);
  CHECK(fixture.session().plans() == 3);
  CHECK(emulator::cudnn().executed.size() == 40);
}

TEST_CASE("every failure of cuDNN names itself, the op and the line, and leaves nothing behind") {
  const Fixture fixture;
  const Tensor x = image({2, 4, 6, 5}), weight = random_tensor({4, 4, 3, 3}), bias = random_tensor({4});
  const Tensor there = on_gpu(x), weight_there = on_gpu(weight), bias_there = on_gpu(bias);
  struct Op {
    const char* name;
    std::function<Tensor(const Tensor&, const Tensor&, const Tensor&)> call;
  };
  const Op ops[] = {
      {"conv2d", [](const Tensor& a, const Tensor& w, const Tensor& b) { return conv2d(a, w, b); }},
      {"conv_transpose2d", [](const Tensor& a, const Tensor& w, const Tensor&) { return conv_transpose2d(a, w); }}};
  for (const Op& op : ops) {
    const Tensor expected = op.call(x, weight, bias);
    op.call(there, weight_there, bias_there);  // its weight is packed
    std::set<std::string> failed;
    int errors = 0;
    for (std::uint64_t n = 1;; ++n) {
      fixture.forget();
      const Left before;
      emulator::cudnn().fails_at = emulator::cudnn().calls + n;
      emulator::cudnn().failed.clear();
      try {
        require_close(op.call(there, weight_there, bias_there), expected, 1e-4);
        if (emulator::cudnn().failed.empty()) break;
      } catch (const DeviceError& error) {
        ++errors;
        CAPTURE(emulator::cudnn().failed);
        CHECK_THAT(error.what(), ContainsSubstring("cuDNN reports CUDNN_STATUS_INTERNAL_ERROR: " +
                                                   emulator::cudnn().failed + " was told to fail"));
        CHECK_THAT(error.op(), ContainsSubstring(op.name));
        CHECK(to_string(error.site()).find("conv_test.cpp:") == 0);
      }
      failed.insert(emulator::cudnn().failed);
      emulator::cudnn().fails_at = 0;
      fixture.forget();
      CHECK(Left() == before);
    }
    emulator::cudnn().fails_at = 0;
    CHECK(errors > 20);
    CHECK(failed == std::set<std::string>{"cudnnBackendCreateDescriptor", "cudnnBackendSetAttribute",
                                          "cudnnBackendGetAttribute", "cudnnBackendFinalize", "cudnnBackendExecute",
                                          "cudnnSetStream"});
  }
}

TEST_CASE("a workspace that does not fit is an OutOfMemoryError, and leaves nothing behind") {
  const Fixture fixture;
  const Tensor x = on_gpu(image({2, 4, 6, 5})), weight = on_gpu(random_tensor({4, 4, 3, 3}));
  conv2d(x, weight);
  emulator::cudnn().engines[1].workspace = 100 << 20;
  fixture.forget();
  cuda_allocator(0).release_cached();
  const Left before;
  emulator::set_memory_limit(64 << 20);
  CHECK_THROWS_AS(conv2d(x, weight), OutOfMemoryError);
  emulator::set_memory_limit(0);
  fixture.forget();
  CHECK(Left() == before);
  CHECK_NOTHROW(conv2d(x, weight));
}

TEST_CASE("cuBLAS may round products of float32 to TF32 only where that is allowed") {
  const Tensor a = on_gpu(random_tensor({3, 4})), b = on_gpu(random_tensor({4, 5}));
  const kernels::ForceImplementation force("bmm", "cublas");
  matmul(a, b);
  CHECK_FALSE(emulator::cublas_rounds_to_tf32());
  backends::cuda.matmul.allow_tf32 = true;
  matmul(a, b);
  backends::cuda.matmul.allow_tf32 = false;
  CHECK(emulator::cublas_rounds_to_tf32());
}

TEST_CASE("the switches begin as PyTorch's do") {
  const backends::Cudnn cudnn;
  CHECK(cudnn.enabled);
  CHECK_FALSE(cudnn.benchmark);
  CHECK_FALSE(cudnn.deterministic);
  CHECK(cudnn.allow_tf32);
  CHECK(cudnn.benchmark_limit == 10);
  CHECK_FALSE(backends::Cuda().matmul.allow_tf32);
}

}  // namespace ebb::test
