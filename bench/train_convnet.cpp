// Training steps of the ConvNet, batch 100: images a second and the share of time of each op, as JSON. With
// --pytorch PYTHON, PyTorch's images a second beside it, measured in turns with ours.
#include <cstdio>
#include <iostream>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "ebb/autograd/ops.h"
#include "ebb/core/op_times.h"
#include "ebb/core/threads/parallel.h"
#include "ebb/data/datasets.h"
#include "ebb/nn/models/convnet.h"
#include "ebb/nn/optim/optim.h"

#include "bench/peer.h"
#include "bench/timing.h"

namespace {

using namespace ebb;
using nlohmann::json;

/// A net, an optimizer and one batch to train on again and again.
class Training {
 public:
  explicit Training(std::int64_t batch)
      : images_(data::synthetic("train").images.narrow(0, 0, batch)),
        labels_(data::synthetic("train").labels.narrow(0, 0, batch)),
        optimizer_(net_.parameters(), {.lr = 1e-3}) {}

  void step() {
    const Tensor loss = cross_entropy(net_(images_), labels_);
    optimizer_.zero_grad();
    loss.backward();
    optimizer_.step();
  }

 private:
  models::ConvNet net_;
  Tensor images_, labels_;
  optim::Adam optimizer_;
};

json shares(Training& training, int steps) {
  const OpTimes times;
  const double total = bench::seconds_of([&] {
    for (int i = 0; i < steps; ++i) training.step();
  });
  json rows = json::array();
  for (const auto& [name, calls, seconds] : times.entries()) {
    if (seconds < 0.002 * total) continue;
    rows.push_back({{"op", name}, {"share", seconds / total}, {"ms_per_step", seconds * 1e3 / steps}});
  }
  return rows;
}

double pytorch_ms(const std::string& python, std::int64_t batch) {
  const std::string arguments = std::to_string(num_threads()) + " " + std::to_string(batch);
  return bench::run_script(python, "train_convnet_pytorch.py", arguments)["ms_per_step"];
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("Training steps of the ConvNet");
  std::int64_t batch = 100;
  int steps = 30, rounds = 3;
  std::string python;
  app.add_option("--batch", batch, "images in a step")->capture_default_str();
  app.add_option("--steps", steps, "steps in a sample")->capture_default_str();
  app.add_option("--rounds", rounds, "samples, taken in turns")->capture_default_str();
  app.add_option("--pytorch", python, "a Python that has PyTorch, to measure beside");
  CLI11_PARSE(app, argc, argv);

  Training training(batch);
  for (int i = 0; i < 5; ++i) training.step();
  std::vector<double> ours, theirs;
  for (int round = 0; round < rounds; ++round) {
    ours.push_back(bench::measure(steps, 1, [&] { training.step(); }).median * 1e3);
    if (!python.empty()) theirs.push_back(pytorch_ms(python, batch));
  }
  json result{{"benchmark", "train_convnet"},
              {"batch", batch},
              {"threads", num_threads()},
              {"ms_per_step", median(ours)},
              {"images_per_second", 1e3 * static_cast<double>(batch) / median(ours)}};
  if (!python.empty()) {
    result["pytorch_ms_per_step"] = median(theirs);
    result["speed_relative_to_pytorch"] = median(theirs) / median(ours);
  }
  result["ops"] = shares(training, steps);
  std::cout << result.dump(2) << "\n";
} catch (const std::exception& error) {
  std::fprintf(stderr, "train_convnet: %s\n", error.what());
  return 2;
}
