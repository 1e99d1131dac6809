// Training steps of whole networks on a GPU: loss and gradients beside the CPU's, the time of a step, launches and
// memory. Prints a line of JSON for each network; with --exchange FOLDER a file of weights, batch, loss and gradients,
// with which peers.py makes PyTorch do the same.
#include <cstdio>
#include <functional>
#include <memory>

#include <CLI/CLI.hpp>
#include <cuda_profiler_api.h>
#include <nlohmann/json.hpp>

#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops.h"
#include "ebb/core/backends/backends.h"
#include "ebb/core/context.h"
#include "ebb/core/cuda/check.h"
#include "ebb/core/random/generator.h"
#include "ebb/core/streams/graph.h"
#include "ebb/core/streams/stream.h"
#include "ebb/io/pth.h"
#include "ebb/nn/models/convnet.h"
#include "ebb/nn/models/resnet.h"
#include "ebb/nn/models/unet.h"
#include "ebb/nn/optim/optim.h"

#include "bench/cuda/no_gpu.h"
#include "bench/timing.h"

namespace {

using namespace ebb;
using nlohmann::ordered_json;

/// A network and what it is trained on.
struct Task {
  std::string name;
  std::int64_t batch;
  std::function<std::unique_ptr<nn::Module>()> make;
  std::function<Tensor(const nn::Module& net, const Tensor& x, const Tensor& target)> loss;
  std::function<Tensor(std::int64_t batch)> draw, draw_target;
};

template <class Net, class Loss>
auto loss_of(Loss loss) {
  return [loss](const nn::Module& net, const Tensor& x, const Tensor& target) {
    return loss(static_cast<const Net&>(net)(x), target);
  };
}

std::vector<Task> tasks(bool is_tiny) {
  const auto classes = [](const Tensor& y, const Tensor& target) { return cross_entropy(y, target); };
  const auto pixels = [](const Tensor& y, const Tensor& target) { return binary_cross_entropy_with_logits(y, target); };
  const auto labels = [](std::int64_t count) { return [count](std::int64_t n) { return randint(0, count, {n}); }; };
  using models::ResNet;
  return {{"convnet", is_tiny ? 2 : 100, [] { return std::make_unique<models::ConvNet>(); },
           loss_of<models::ConvNet>(classes),
           [](std::int64_t n) {
             return randn({n, 1, 28, 28});
           },
           labels(10)},
          {"resnet50", is_tiny ? 2 : 32, [] { return std::make_unique<ResNet>(models::resnet50()); },
           loss_of<ResNet>(classes),
           [](std::int64_t n) {
             return randn({n, 3, 224, 224});
           },
           labels(1000)},
          {"unet", is_tiny ? 1 : 4, [] { return std::make_unique<models::UNet>(3, 1); }, loss_of<models::UNet>(pixels),
           [](std::int64_t n) {
             return randn({n, 3, 256, 256});
           },
           [](std::int64_t n) {
             return rand({n, 1, 256, 256});
           }}};
}

double norm_of(const Tensor& x) {
  const NoGradGuard no_grad;
  const Tensor wide = x.to(kCPU).to(kFloat64);
  return sqrt(sum(wide * wide)).item<double>();
}

/// The largest |a - b| / |b| of two lists of gradients, and whose it is. What is 0 but for rounding, as the gradient of
/// a bias before a batch norm, counts as a thousandth of the largest.
ordered_json worst_gradient(const nn::Module& net, const std::vector<Tensor>& expected) {
  double largest = 0, worst = 0;
  for (const Tensor& gradient : expected) largest = std::max(largest, norm_of(gradient));
  std::string where;
  std::size_t i = 0;
  for (const auto& [name, parameter] : net.named_parameters()) {
    const Tensor& b = expected[i++];
    const double d = norm_of(parameter.grad().to(kCPU) - b) / std::max(norm_of(b), 1e-3 * largest);
    if (!(d <= worst)) worst = d, where = name;
  }
  return {{"worst_gradient", worst}, {"of", where}};
}

double run_once(const Task& task, nn::Module& net, const Tensor& x, const Tensor& target) {
  net.zero_grad();
  const Tensor loss = task.loss(net, x, target);
  loss.backward();
  return loss.item<double>();
}

/// A small batch on both devices; the network stays on the GPU.
ordered_json beside_cpu(const Task& task, nn::Module& net) {
  const std::int64_t batch = std::min<std::int64_t>(task.batch, 2);
  const Tensor x = task.draw(batch), target = task.draw_target(batch);
  const double on_cpu = run_once(task, net, x, target);
  std::vector<Tensor> expected;
  for (const Tensor& parameter : net.parameters()) expected.push_back(parameter.grad().clone());
  net.to(kCUDA);
  const double on_gpu = run_once(task, net, x.to(kCUDA), target.to(kCUDA));
  ordered_json result{{"batch", batch}, {"loss_on_cpu", on_cpu}, {"loss", on_gpu}};
  result.update(worst_gradient(net, expected));
  return result;
}

/// The state before the step, the batch, and what the step gave.
void write_for_peer(const Task& task, nn::Module& net, const Tensor& x, const Tensor& target,
                    const std::string& folder) {
  StateDict file;
  for (const auto& [name, tensor] : net.state_dict()) file.set("state." + name, tensor.to(kCPU).clone());
  const double loss = run_once(task, net, x, target);
  for (const auto& [name, parameter] : net.named_parameters()) file.set("gradient." + name, parameter.grad().to(kCPU));
  file.set("x", x.to(kCPU));
  file.set("target", target.to(kCPU));
  file.set("loss", full({}, loss, {.dtype = kFloat64}));
  io::save(folder + "/" + task.name + ".pth", file);
}

/// A network that is trained on one batch again and again.
class Training {
 public:
  Training(const Task& task, nn::Module& net, const Tensor& x, const Tensor& target)
      : task_(task), net_(net), x_(x), target_(target), optimizer_(net.parameters(), {.lr = 0.001, .momentum = 0.9}) {}

  void step() {
    optimizer_.zero_grad();
    task_.loss(net_, x_, target_).backward();
    optimizer_.step();
  }

 private:
  const Task& task_;
  nn::Module& net_;
  Tensor x_, target_;
  optim::SGD optimizer_;
};

/// Milliseconds of each call, until `seconds` are over; the GPU is waited for.
std::vector<double> times_of(const std::function<void()>& step, int most, double seconds) {
  std::vector<double> times;
  double taken = 0;
  while (static_cast<int>(times.size()) < most && (taken < seconds || times.size() < 3)) {
    times.push_back(1e3 * bench::seconds_of([&] {
                      step();
                      cuda::synchronize();
                    }));
    taken += times.back() * 1e-3;
  }
  return times;
}

ordered_json spread_of(const std::vector<double>& times) {
  return {{"steps", times.size()},
          {"step_ms", bench::quantile(times, 0.5)},
          {"step_p10_ms", bench::quantile(times, 0.1)},
          {"step_p90_ms", bench::quantile(times, 0.9)}};
}

/// With TF32 where cuDNN convolves, as PyTorch does, and the engines of convolutions timed.
void add_times(Training& training, int steps, double seconds, ordered_json& row) {
  backends::cudnn.allow_tf32 = backends::cudnn.benchmark = true;
  for (int i = 0; i < 3; ++i) training.step();
  row.update(spread_of(times_of([&] { training.step(); }, steps, seconds)));
  row["peak_bytes"] = cuda_allocator(0).stats().peak;
  try {
    cuda::Graph graph;
    graph.capture([&] { training.step(); });
    row["graph"] = spread_of(times_of([&] { graph.replay(); }, steps, seconds));
  } catch (const Error& error) {
    row["graph"] = {{"error", error.what()}};
  }
}

/// One step between the marks that profilers know, after those in which engines are timed.
void profile(Training& training) {
  backends::cudnn.allow_tf32 = backends::cudnn.benchmark = true;
  for (int i = 0; i < 3; ++i) training.step();
  cuda::synchronize();
  cuda_check(cudaProfilerStart());
  training.step();
  cuda::synchronize();
  cuda_check(cudaProfilerStop());
}

struct Options {
  std::vector<std::string> nets;
  std::string exchange;
  int steps = 30;
  double seconds = 6;
  bool no_check = false, is_tiny = false, profile = false;
};

ordered_json measure(const Task& task, const Options& options) {
  const std::unique_ptr<nn::Module> net = task.make();
  ordered_json row{{"net", task.name}, {"batch", task.batch}};
  backends::cudnn.allow_tf32 = false;  // for values
  if (!options.no_check) row["beside_cpu"] = beside_cpu(task, *net);
  net->to(kCUDA);
  const Tensor x = task.draw(task.batch).to(kCUDA), target = task.draw_target(task.batch).to(kCUDA);
  if (!options.exchange.empty()) write_for_peer(task, *net, x, target, options.exchange);
  Training training(task, *net, x, target);
  if (options.profile) {
    profile(training);
  } else {
    add_times(training, options.steps, options.seconds, row);
  }
  return row;
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("Times training steps of networks on a GPU; prints lines of JSON");
  Options options;
  app.add_option("--net", options.nets, "only these: convnet, resnet50, unet");
  app.add_option("--exchange", options.exchange, "a folder for what PyTorch needs to do the same");
  app.add_option("--steps", options.steps, "of each network, at most")->check(CLI::Range(1, 10000));
  app.add_option("--seconds", options.seconds, "for the steps of each network");
  app.add_flag("--no-check", options.no_check, "do not compare with the CPU");
  app.add_flag("--profile", options.profile, "one step between cudaProfilerStart and cudaProfilerStop, not timed");
  app.add_flag("--tiny", options.is_tiny, "small images in small batches, to try the program itself");
  CLI11_PARSE(app, argc, argv);
  if (bench::says_no_gpu()) return bench::skipped;
  manual_seed(0);
  bool failed = false;
  for (const Task& task : tasks(options.is_tiny)) {
    if (!options.nets.empty() && std::ranges::find(options.nets, task.name) == options.nets.end()) continue;
    ordered_json row;
    try {
      row = measure(task, options);
    } catch (const Error& error) {
      row = {{"net", task.name}, {"error", error.what()}};
      failed = true;
    }
    std::puts(row.dump().c_str());
    std::fflush(stdout);
  }
  return failed ? 1 : 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "cuda_nets: %s\n", error.what());
  return 1;
}
