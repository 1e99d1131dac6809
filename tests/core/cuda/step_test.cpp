// Training steps: what the host waits for and asks the GPU for, and steps by graphs.
#include <functional>
#include <string>
#include <vector>

#include "ebb/core/backends/backends.h"
#include "ebb/core/context.h"
#include "ebb/core/random/generator.h"
#include "ebb/core/streams/graph.h"
#include "ebb/nn.h"
#include "ebb/nn/models/resnet.h"
#include "ebb/optim.h"
#include "ebb/tensor.h"

#include "tests/support/catch.h"
#include "tests/support/cuda_emulator/emulator.h"

namespace ebb::test {
namespace {

struct Skips {
  Skips() { emulator::skip_kernels(true); }
  ~Skips() { emulator::skip_kernels(false); }
};

/// What a call makes the host do that it should not.
std::string demands_of(const std::function<void()>& call) {
  const emulator::Statistics before = emulator::statistics();
  call();
  const emulator::Statistics after = emulator::statistics();
  std::string text;
  const auto count = [&](const char* name, std::uint64_t from, std::uint64_t to) {
    if (from != to) text += std::to_string(to - from) + " " + name + " ";
  };
  count("waits", before.host_waits, after.host_waits);
  count("pageable copies", before.pageable_copies, after.pageable_copies);
  count("mallocs", before.mallocs, after.mallocs);
  count("frees", before.frees, after.frees);
  count("pinned allocations", before.host_allocs, after.host_allocs);
  return text;
}

template <class Optimizer>
void check_demands(nn::Module& net, Optimizer& optimizer, const std::function<Tensor()>& loss_of) {
  optim::StepLR scheduler(optimizer, {.step_size = 2});
  Tensor loss;
  const auto step = [&] {
    loss = loss_of();
    optimizer.zero_grad();
    loss.backward();
    const std::vector<Tensor> parameters = net.parameters();
    nn::clip_grad_norm_(parameters, {.max_norm = 1});
    optimizer.step();
  };
  for (int i = 0; i < 4; ++i) step(), scheduler.step();  // until memory lies as it stays
  const auto launches = emulator::statistics().launches;
  CHECK(demands_of([&] { step(), scheduler.step(); }) == "");
  CHECK(emulator::statistics().launches > launches + 100);
  cuda::Graph graph;
  graph.capture(step);
  graph.replay();
  scheduler.step();
  const auto before = emulator::statistics();
  CHECK(demands_of([&] { graph.replay(), scheduler.step(); }) == "");
  CHECK(emulator::statistics().graph_launches == before.graph_launches + 1);
  CHECK(emulator::statistics().launches - before.launches > 100);
}

}  // namespace

TEST_CASE("after its first steps the training of a ResNet asks nothing of the host, at once or by a graph") {
  const Skips skips;
  const Tensor x = zeros({2, 3, 32, 32}, {.device = kCUDA}), target = zeros({2}, {.dtype = kInt64, .device = kCUDA});
  const auto check_net = [&](models::ResNet net, bool with_adam) {
    net.to(kCUDA);
    const auto loss_of = [&] { return cross_entropy(net(x), target); };
    if (with_adam) {
      optim::AdamW optimizer(net.parameters());
      check_demands(net, optimizer, loss_of);
    } else {
      optim::SGD optimizer(net.parameters(), {.lr = 0.1, .momentum = 0.9, .weight_decay = 1e-4});
      check_demands(net, optimizer, loss_of);
    }
  };
  check_net(models::resnet18({.num_classes = 10}), false);
  check_net(models::resnet50({.num_classes = 10}), false);
  check_net(models::resnet18({.num_classes = 10}), true);
}

TEST_CASE("a training step of ResNet-50 by ebb's own kernels takes at most 500 launches") {
  const Skips skips;
  backends::cudnn.enabled = false;
  models::ResNet net = models::resnet50();
  net.to(kCUDA);
  optim::SGD optimizer(net.parameters(), {.lr = 0.1, .momentum = 0.9, .weight_decay = 1e-4});
  const Tensor x = zeros({2, 3, 32, 32}, {.device = kCUDA}), target = zeros({2}, {.dtype = kInt64, .device = kCUDA});
  std::uint64_t before = 0;
  for (int i = 0; i < 3; ++i) {
    before = emulator::statistics().launches;
    optimizer.zero_grad();
    cross_entropy(net(x), target).backward();
    optimizer.step();
  }
  const std::uint64_t launches = emulator::statistics().launches - before;
  backends::cudnn.enabled = true;
  CAPTURE(launches);
  CHECK(launches <= 500);
}

TEST_CASE("the cumulative mean of a batch norm's statistics is the CPU's") {
  nn::BatchNorm2d on_cpu({.num_features = 2, .momentum = {}}), on_gpu({.num_features = 2, .momentum = {}});
  on_gpu.to(kCUDA);
  for (int i = 0; i < 4; ++i) {
    const Tensor x = randn({3, 2, 4, 4}) * (i + 1) + i;
    static_cast<void>(on_cpu(x));
    const Tensor moved = x.to(kCUDA);
    CHECK(demands_of([&] { static_cast<void>(on_gpu(moved)); }).find("wait") == std::string::npos);
  }
  CHECK(allclose(on_gpu.running_mean->to(kCPU), on_cpu.running_mean, 1e-4, 1e-5));
  CHECK(allclose(on_gpu.running_var->to(kCPU), on_cpu.running_var, 1e-4, 1e-5));
  CHECK(on_gpu.num_batches_tracked->item<std::int64_t>() == 4);
}

TEST_CASE("ops and their gradients wait for nothing once they have run") {
  const Skips skips;
  const auto on = [](const Tensor& x) { return x.to(kCUDA); };
  const Tensor image = on(zeros({2, 3, 8, 8})), matrix = on(zeros({4, 6})), like = on(zeros({4, 6}));
  const Tensor classes = on(zeros({4}, {.dtype = kInt64})), line = on(zeros({2, 3, 16}));
  const Tensor per_channel = on(zeros({3})), scalar = on(zeros({}));
  using Op = std::function<Tensor(const Tensor&)>;
  const std::vector<std::pair<const char*, Op>> of_images = {
      {"avg_pool2d", [](const Tensor& x) { return avg_pool2d(x, {.kernel_size = 2}); }},
      {"adaptive_avg_pool2d",
       [](const Tensor& x) {
         return adaptive_avg_pool2d(x, {3, 3});
       }},
      {"adaptive_max_pool2d",
       [](const Tensor& x) {
         return adaptive_max_pool2d(x, {3, 3});
       }},
      {"max_pool2d", [](const Tensor& x) { return max_pool2d(x, {.kernel_size = 3, .padding = 1}); }},
      {"interpolate",
       [](const Tensor& x) {
         return interpolate(x, {.size = {12, 12}, .mode = InterpolateMode::bilinear});
       }},
      {"nearest",
       [](const Tensor& x) {
         return interpolate(x, {.size = {16, 16}});
       }},
      {"pad reflect",
       [](const Tensor& x) {
         return pad(x, {1, 1, 1, 1}, PadMode::reflect);
       }},
      {"unfold", [](const Tensor& x) { return unfold(x, {.kernel_size = 3}); }},
      {"group_norm", [](const Tensor& x) { return group_norm(x, 3); }},
      {"batch_norm",
       [&](const Tensor& x) { return batch_norm(x, {}, {}, per_channel, per_channel, {.training = true}); }},
      {"dropout", [](const Tensor& x) { return dropout(x, 0.5); }},
      {"flip",
       [](const Tensor& x) {
         return flip(x, {2, 3});
       }},
      {"roll", [](const Tensor& x) { return roll(x, {1}, {2}); }},
      {"cat",
       [](const Tensor& x) {
         return cat({x, x}, 1);
       }},
      {"pixels",
       [](const Tensor& x) {
         return x.permute({0, 2, 3, 1}).reshape({-1, 3});
       }},
      {"slice", [](const Tensor& x) { return x.slice(2, 1, 7, 2); }},
      {"local_response_norm", [](const Tensor& x) { return local_response_norm(x, {.size = 3}); }},
  };
  const std::vector<std::pair<const char*, Op>> of_matrices = {
      {"cross_entropy", [&](const Tensor& x) { return cross_entropy(x, classes, {.label_smoothing = 0.1}); }},
      {"nll_loss", [&](const Tensor& x) { return nll_loss(log_softmax(x, 1), classes); }},
      {"mse_loss", [&](const Tensor& x) { return mse_loss(x, like); }},
      {"l1_loss", [&](const Tensor& x) { return l1_loss(x, like); }},
      {"smooth_l1_loss", [&](const Tensor& x) { return smooth_l1_loss(x, like); }},
      {"huber_loss", [&](const Tensor& x) { return huber_loss(x, like); }},
      {"bce", [&](const Tensor& x) { return binary_cross_entropy(sigmoid(x), like); }},
      {"bce_with_logits", [&](const Tensor& x) { return binary_cross_entropy_with_logits(x, like); }},
      {"kl_div", [&](const Tensor& x) { return kl_div(log_softmax(x, 1), softmax(like, 1)); }},
      {"soft_margin_loss", [&](const Tensor& x) { return soft_margin_loss(x, like); }},
      {"hinge_embedding_loss", [&](const Tensor& x) { return hinge_embedding_loss(x, like); }},
      {"embedding", [&](const Tensor& x) { return embedding(classes, x); }},
      {"index_select", [&](const Tensor& x) { return index_select(x, 0, classes); }},
      {"gather", [&](const Tensor& x) { return gather(x, 1, classes.unsqueeze(1)); }},
      {"layer_norm", [](const Tensor& x) { return layer_norm(x, {6}); }},
      {"matmul", [&](const Tensor& x) { return matmul(x, like.t()); }},
      {"einsum",
       [&](const Tensor& x) {
         return einsum("ij,ij->i", {x, like});
       }},
      {"gelu", [](const Tensor& x) { return gelu(x); }},
      {"tril", [](const Tensor& x) { return tril(x); }},
      {"cumsum", [](const Tensor& x) { return cumsum(x, 1); }},
      {"sort", [](const Tensor& x) { return sort(x, 1).values; }},
      {"max", [](const Tensor& x) { return max(x, 1).values; }},
      {"var", [](const Tensor& x) { return var(x); }},
      {"norm", [](const Tensor& x) { return norm(x); }},
      {"where", [&](const Tensor& x) { return where(gt(x, 0), x, like); }},
      {"masked_fill", [&](const Tensor& x) { return masked_fill(x, gt(like, 0), 1); }},
      {"pow", [](const Tensor& x) { return pow(x, 3.0) / 2.0 + 1.0; }},
      {"clamp", [](const Tensor& x) { return clamp(x, -1, 1); }},
      {"prod", [](const Tensor& x) { return prod(x); }},
      {"one of a scalar", [&](const Tensor& x) { return x * scalar; }},
  };
  const auto check_all = [](const Tensor& start, const auto& ops) {
    for (const auto& entry : ops) {
      const Tensor x = start.detach().clone().requires_grad_();
      const auto call = [&] {
        x.set_grad({});
        entry.second(x).sum().backward();
      };
      CAPTURE(entry.first);
      call(), call();
      CHECK(demands_of(call) == "");
      cuda::Graph graph;
      CHECK_NOTHROW(graph.capture(call));
    }
  };
  check_all(image, of_images);
  check_all(matrix, of_matrices);
}

TEST_CASE("of half precision an op and its gradient take no more launches than of float32") {
  using Op = std::function<Tensor(const Tensor&)>;
  const Tensor given = rand({2, 8, 8, 8}).contiguous(MemoryFormat::channels_last).to(kCUDA);
  const Tensor index = zeros({3}, {.dtype = kInt64, .device = kCUDA});
  const std::vector<std::pair<const char*, Op>> ops = {
      {"max_pool2d", [](const Tensor& x) { return max_pool2d(x, {.kernel_size = 3, .stride = 2}); }},
      {"avg_pool2d", [](const Tensor& x) { return avg_pool2d(x, {.kernel_size = 2}); }},
      {"adaptive_avg_pool2d",
       [](const Tensor& x) {
         return adaptive_avg_pool2d(x, {1, 1});
       }},
      {"sum", [](const Tensor& x) { return sum(x, {1}); }},
      {"prod", [](const Tensor& x) { return prod(x, 1); }},
      {"max", [](const Tensor& x) { return max(x, 1).values; }},
      {"amin", [](const Tensor& x) { return amin(x, {1}); }},
      {"layer_norm", [](const Tensor& x) { return layer_norm(x, {8}); }},
      {"group_norm", [](const Tensor& x) { return group_norm(x, 2); }},
      {"batch_norm", [](const Tensor& x) { return batch_norm(x, {}, {}, {}, {}, {.training = true}); }},
      {"interpolate",
       [](const Tensor& x) {
         return interpolate(x, {.size = {9, 11}, .mode = InterpolateMode::bilinear});
       }},
      {"cumsum", [](const Tensor& x) { return cumsum(x, 1); }},
      {"sort", [](const Tensor& x) { return sort(x, 1).values; }},
      {"index_select", [&](const Tensor& x) { return index_select(x, 1, index); }},
  };
  for (const auto& [name, op] : ops) {
    const auto launches = [&, &of = op](DType dtype) {
      std::uint64_t before = 0;
      for (int i = 0; i < 2; ++i) {  // what is made once is made by then
        const Tensor x = given.to(dtype).detach().requires_grad_();
        before = emulator::statistics().launches;
        static_cast<void>(grad({of(x).sum()}, {x}));
      }
      return emulator::statistics().launches - before;
    };
    CAPTURE(name);
    const std::uint64_t most = launches(kFloat32);
    CHECK(launches(kFloat16) <= most);
    CHECK(launches(kBFloat16) <= most);
  }
}

}  // namespace ebb::test
