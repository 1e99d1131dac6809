// Training steps of whole networks on a GPU: loss and gradients beside the CPU's, the time of a step, launches and
// memory. Prints a line of JSON for each network; with --exchange FOLDER a file of weights, batch, loss and gradients,
// with which peers.py makes PyTorch do the same.
#include <cstdio>
#include <functional>
#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops.h"
#include "ebb/core/context.h"
#include "ebb/core/cuda/context.h"
#include "ebb/core/random/generator.h"
#include "ebb/io/pth.h"
#include "ebb/nn/models/convnet.h"
#include "ebb/nn/models/resnet.h"
#include "ebb/nn/models/unet.h"
#include "ebb/nn/optim/optim.h"

#include "bench/timing.h"

namespace {

using namespace ebb;
using nlohmann::ordered_json;

constexpr int skipped = 77;

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

std::vector<Task> tasks() {
  const auto classes = [](const Tensor& y, const Tensor& target) { return cross_entropy(y, target); };
  const auto pixels = [](const Tensor& y, const Tensor& target) { return binary_cross_entropy_with_logits(y, target); };
  const auto labels = [](std::int64_t count) { return [count](std::int64_t n) { return randint(0, count, {n}); }; };
  using models::ResNet;
  return {{"convnet", 100, [] { return std::make_unique<models::ConvNet>(); }, loss_of<models::ConvNet>(classes),
           [](std::int64_t n) {
             return randn({n, 1, 28, 28});
           },
           labels(10)},
          {"resnet50", 32, [] { return std::make_unique<ResNet>(models::resnet50()); }, loss_of<ResNet>(classes),
           [](std::int64_t n) {
             return randn({n, 3, 224, 224});
           },
           labels(1000)},
          {"unet", 4, [] { return std::make_unique<models::UNet>(3, 1); }, loss_of<models::UNet>(pixels),
           [](std::int64_t n) {
             return randn({n, 3, 256, 256});
           },
           [](std::int64_t n) {
             return rand({n, 1, 256, 256});
           }}};
}

/// |a - b| / |b|
double distance(const Tensor& a, const Tensor& b) {
  const NoGradGuard no_grad;
  const Tensor exact = b.to(kCPU).to(kFloat64), difference = a.to(kCPU).to(kFloat64) - exact;
  const double of = sqrt(sum(exact * exact)).item<double>();
  return sqrt(sum(difference * difference)).item<double>() / (of > 0 ? of : 1);
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
  double worst = 0;
  std::string where;
  std::size_t i = 0;
  for (const auto& [name, parameter] : net.named_parameters()) {
    const double d = distance(parameter.grad(), expected[i++]);
    if (!(d <= worst)) worst = d, where = name;
  }
  return {{"batch", batch}, {"loss_on_cpu", on_cpu}, {"loss", on_gpu}, {"worst_gradient", worst}, {"of", where}};
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

/// Milliseconds of steps, until `seconds` are over; the first three do not count.
std::vector<double> step_times(const Task& task, nn::Module& net, const Tensor& x, const Tensor& target, int steps,
                               double seconds) {
  optim::SGD optimizer(net.parameters(), {.lr = 0.001, .momentum = 0.9});
  const auto step = [&] {
    optimizer.zero_grad();
    const Tensor loss = task.loss(net, x, target);
    loss.backward();
    optimizer.step();
    cuda_context(0).synchronize();
  };
  for (int i = 0; i < std::min(steps, 3); ++i) step();
  std::vector<double> times;
  double taken = 0;
  while (static_cast<int>(times.size()) < steps && (taken < seconds || times.size() < 3)) {
    times.push_back(bench::seconds_of(step) * 1e3);
    taken += times.back() * 1e-3;
  }
  return times;
}

struct Options {
  std::vector<std::string> nets;
  std::string exchange;
  int steps = 30;
  double seconds = 6;
  bool no_check = false;
};

ordered_json measure(const Task& task, const Options& options) {
  const std::unique_ptr<nn::Module> net = task.make();
  ordered_json row{{"net", task.name}, {"batch", task.batch}};
  if (!options.no_check) row["beside_cpu"] = beside_cpu(task, *net);
  net->to(kCUDA);
  const Tensor x = task.draw(task.batch).to(kCUDA), target = task.draw_target(task.batch).to(kCUDA);
  if (!options.exchange.empty()) write_for_peer(task, *net, x, target, options.exchange);
  const std::vector<double> times = step_times(task, *net, x, target, options.steps, options.seconds);
  row.update({{"steps", times.size()},
              {"step_ms", bench::quantile(times, 0.5)},
              {"step_p10_ms", bench::quantile(times, 0.1)},
              {"step_p90_ms", bench::quantile(times, 0.9)},
              {"peak_bytes", cuda_allocator(0).stats().peak}});
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
  CLI11_PARSE(app, argc, argv);
  if (cuda_device_count() == 0) {
    std::puts("no GPU: this machine has no NVIDIA GPU, or no driver for it");
    return skipped;
  }
  manual_seed(0);
  bool failed = false;
  for (const Task& task : tasks()) {
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
