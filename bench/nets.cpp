// Whole networks on the CPU in float32: inference and training steps, with --peers PYTHON beside PyTorch, ONNX Runtime
// and OpenVINO, in turns. A network's peak memory is that of a process which does nothing else.
#include <cstdio>
#include <filesystem>
#include <functional>
#include <iostream>
#include <limits>
#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <sys/resource.h>

#include "ebb/autograd/inference_mode.h"
#include "ebb/autograd/ops.h"
#include "ebb/core/op_times.h"
#include "ebb/core/random/generator.h"
#include "ebb/core/threads/chunk_times.h"
#include "ebb/core/threads/parallel.h"
#include "ebb/nn/models/convnet.h"
#include "ebb/nn/models/resnet.h"
#include "ebb/nn/models/unet.h"
#include "ebb/nn/optim/optim.h"

#include "bench/contest.h"
#include "bench/peer.h"
#include "bench/timing.h"

namespace {

using namespace ebb;
using nlohmann::json;
using nlohmann::ordered_json;
using Run = std::function<void()>;

/// A network and its data, as nets_peers.py knows them too.
struct Task {
  std::string net;
  std::int64_t batch;
  bool is_training;
  std::function<Run(std::int64_t batch)> make;

  std::string name() const { return net + "-b" + std::to_string(batch) + (is_training ? "-training" : "-inference"); }
  json to_json() const { return {{"net", net}, {"batch", batch}, {"is_training", is_training}}; }
};

template <class Net>
Run inference(std::shared_ptr<Net> net, const Tensor& x) {
  net->eval();
  return [net, x] {
    const InferenceMode mode;
    const Tensor y = (*net)(x);
    y.raw_data();  // or nothing would be computed
  };
}

/// One batch is trained on again and again.
template <class Net, class Loss>
Run training(std::shared_ptr<Net> net, const Tensor& x, const Tensor& target, Loss loss) {
  const auto optimizer =
      std::make_shared<optim::SGD>(net->parameters(), optim::SGDOptions{.lr = 0.01, .momentum = 0.9});
  return [net, x, target, loss, optimizer] {
    optimizer->zero_grad();
    loss((*net)(x), target).backward();
    optimizer->step();
  };
}

const auto classes = [](const Tensor& y, const Tensor& target) { return cross_entropy(y, target); };
const auto pixels = [](const Tensor& y, const Tensor& target) { return binary_cross_entropy_with_logits(y, target); };

template <class MakeNet>
Task inference_task(const std::string& net, std::int64_t batch, MakeNet make_net, const Shape& image) {
  return {net, batch, false, [=](std::int64_t n) {
            return inference(make_net(), randn({n, image[0], image[1], image[2]}));
          }};
}

std::shared_ptr<models::ResNet> resnet18() { return std::make_shared<models::ResNet>(models::resnet18()); }
std::shared_ptr<models::ResNet> resnet50() { return std::make_shared<models::ResNet>(models::resnet50()); }
std::shared_ptr<models::UNet> unet() { return std::make_shared<models::UNet>(3, 1); }
std::shared_ptr<models::ConvNet> convnet() { return std::make_shared<models::ConvNet>(); }

Run train_resnet(std::shared_ptr<models::ResNet> net, std::int64_t n) {
  return training(std::move(net), randn({n, 3, 224, 224}), randint(0, 1000, {n}), classes);
}

std::vector<Task> all_tasks() {
  return {
      inference_task("resnet50", 1, resnet50, {3, 224, 224}),
      inference_task("resnet50", 8, resnet50, {3, 224, 224}),
      inference_task("unet", 1, unet, {3, 256, 256}),
      inference_task("convnet", 100, convnet, {1, 28, 28}),
      {"resnet18", 8, true, [](std::int64_t n) { return train_resnet(resnet18(), n); }},
      {"resnet50", 8, true, [](std::int64_t n) { return train_resnet(resnet50(), n); }},
      {"unet", 1, true,
       [](std::int64_t n) {
         return training(unet(), randn({n, 3, 256, 256}), rand({n, 1, 256, 256}), pixels);
       }},
      {"convnet", 100, true,
       [](std::int64_t n) {
         return training(convnet(), randn({n, 1, 28, 28}), randint(0, 10, {n}), classes);
       }},
  };
}

/// The share of time and the milliseconds of each op, the longest first; what is spent outside of ops comes last.
ordered_json profile(const Run& run, int runs) {
  run();
  const OpTimes times;
  const double total = bench::seconds_of([&] {
    for (int i = 0; i < runs; ++i) run();
  });
  ordered_json rows = ordered_json::array();
  const auto add = [&](const std::string& name, long calls, double seconds) {
    rows.push_back({{"op", name}, {"calls", calls / runs}, {"share", seconds / total}, {"ms", seconds * 1e3 / runs}});
  };
  double rest = total;
  for (const auto& [name, calls, seconds] : times.entries()) {
    add(name, calls, seconds);
    rest -= seconds;
  }
  add("outside of ops", 0, rest);
  return rows;
}

/// Milliseconds on one thread and on all of them; and how many times as fast as on one the network would be on more, as
/// the work is cut for them, if no thread hindered another: one core computes chunk after chunk, and their times are
/// shared out.
ordered_json scaling(const Run& run, int samples) {
  const int all = num_threads();
  ordered_json measured, simulated;
  const auto least_ms = [&](int threads) {
    set_num_threads(threads);
    double least = std::numeric_limits<double>::infinity();
    for (int i = 0; i <= samples; ++i) least = std::min(least, bench::seconds_of(run));
    return least * 1e3;
  };
  for (const int threads : {1, all}) measured[std::to_string(threads)] = least_ms(threads);
  for (const int threads : {2, 4, 8, 16, 32, 64}) {
    set_num_threads(threads);
    double best = 0;
    for (int i = 0; i < samples; ++i) {
      const ChunkTimes times;
      const double total = bench::seconds_of(run);
      best = std::max(best, total / (total - times.seconds() + times.seconds_on(threads)));
    }
    simulated[std::to_string(threads)] = best;
  }
  set_num_threads(all);
  return {{"measured_ms", measured}, {"simulated_speedup", simulated}};
}

/// Megabytes that this process has taken at most, after a few runs.
double peak_megabytes(const Task& task) {
  const Run run = task.make(task.batch);
  for (int i = 0; i < 3; ++i) run();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

/// Adds everyone's peak memory, each in a process of its own.
void add_peaks(const Task& task, const std::string& python, ordered_json& row) {
  const std::string threads = std::to_string(num_threads());
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  row["ebb"]["peak_mb"] = bench::run_command(self + " --threads " + threads + " --peak " + task.name())["peak_mb"];
  if (!row.contains("peers")) return;
  for (auto& [peer, result] : row["peers"].items()) {
    const std::string arguments = "--peak " + peer + " " + threads + " '" + task.to_json().dump() + "'";
    result["peak_mb"] = bench::run_script(python, "nets_peers.py", arguments)["peak_mb"];
  }
}

int print_peak(const std::string& name) {
  for (const Task& task : all_tasks()) {
    if (task.name() != name) continue;
    std::cout << json{{"peak_mb", peak_megabytes(task)}} << "\n";
    return 0;
  }
  fail("there is no network ", name);
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("Inference and training steps of whole networks on the CPU");
  bench::ContestOptions options;
  bool with_profile = false, with_memory = false, with_scaling = false;
  std::string peak;
  options.add_to(app);
  app.add_flag("--profile", with_profile, "the share of each op in ebb's time");
  app.add_flag("--memory", with_memory, "peak memory, each in a process of its own");
  app.add_flag("--scaling", with_scaling, "times on one thread and on all, and what more would give");
  app.add_option("--peak", peak, "only print the peak memory of this network");
  CLI11_PARSE(app, argc, argv);
  manual_seed(0);
  if (!peak.empty()) {
    if (options.threads > 0) set_num_threads(options.threads);
    return print_peak(peak);
  }

  bench::Contest contest(options, "nets_peers.py");
  ordered_json rows = ordered_json::array();
  for (const Task& task : all_tasks()) {
    if (!options.includes(task.name())) continue;
    const Run run = task.make(task.batch);
    ordered_json row{{"net", task.name()}};
    row.update(contest.run(task.to_json(), run));
    if (with_memory) add_peaks(task, options.peers, row);
    if (with_profile) row["ops"] = profile(run, options.samples);
    if (with_scaling) row["scaling"] = scaling(run, std::min(options.samples, 3));
    std::fprintf(stderr, "%s\n", row.dump().c_str());
    rows.push_back(row);
  }
  contest.finish("nets", rows);
} catch (const std::exception& error) {
  std::fprintf(stderr, "nets: %s\n", error.what());
  return 2;
}
