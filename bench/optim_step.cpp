// One step of each optimizer: time, share of the roofline (bytes that must move, above 1: from the caches) and, with
// --pytorch PYTHON, the times of PyTorch's three ways beside it: single tensors (its default), foreach, fused.
#include <cstdio>
#include <functional>
#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "ebb/autograd/ops.h"
#include "ebb/core/threads/parallel.h"
#include "ebb/nn/optim/optim.h"

#include "bench/peer.h"
#include "bench/roofline.h"
#include "bench/timing.h"

namespace {

using namespace ebb;
using nlohmann::json;

struct Case {
  std::string name;  // as the script beside this file knows it
  double arrays;     // that are read or written
  std::function<std::unique_ptr<optim::Optimizer>(std::vector<Tensor>)> make;
};

template <class Optimizer, class Options>
Case optimizer(const std::string& name, double arrays, const Options& options) {
  return {name, arrays,
          [options](std::vector<Tensor> p) { return std::make_unique<Optimizer>(std::move(p), options); }};
}

std::vector<Case> all_cases() {
  using namespace optim;
  return {optimizer<SGD>("sgd", 3, SGDOptions{.lr = 1e-6}),
          optimizer<SGD>("sgd_momentum", 5, SGDOptions{.lr = 1e-6, .momentum = 0.9}),
          optimizer<Adam>("adam", 7, AdamOptions{.lr = 1e-6}),
          optimizer<AdamW>("adamw", 7, AdamWOptions{.lr = 1e-6}),
          optimizer<Adam>("adam_amsgrad", 9, AdamOptions{.lr = 1e-6, .amsgrad = true}),
          optimizer<RMSprop>("rmsprop", 5, RMSpropOptions{.lr = 1e-6}),
          optimizer<RMSprop>("rmsprop_centered", 9, RMSpropOptions{.lr = 1e-6, .momentum = 0.9, .centered = true}),
          optimizer<Adagrad>("adagrad", 5, AdagradOptions{.lr = 1e-6})};
}

double milliseconds(const Case& c, std::int64_t numel, std::int64_t tensors, int samples) {
  std::vector<Tensor> parameters;
  for (std::int64_t i = 0; i < tensors; ++i) {
    parameters.push_back(randn({numel / tensors}).requires_grad_());
    parameters.back().set_grad(randn({numel / tensors}));
  }
  const auto moved = c.make(parameters);
  return bench::measure(samples, 1, [&] { moved->step(); }).median * 1e3;
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("One step of each optimizer");
  int samples = 21;
  std::int64_t numel = 25'000'000, tensors = 100;
  std::string python, only;
  app.add_option("--samples", samples, "runs of which the median counts")->capture_default_str();
  app.add_option("--numel", numel, "numbers to be trained")->capture_default_str();
  app.add_option("--tensors", tensors, "parameters that they are shared out to")->capture_default_str();
  app.add_option("--pytorch", python, "a Python that has PyTorch, to measure beside");
  app.add_option("--only", only, "cases whose name begins so");
  CLI11_PARSE(app, argc, argv);

  const bench::Roofline roof = bench::measure_roofline();
  json rows = json::array();
  for (const Case& c : all_cases()) {
    if (!c.name.starts_with(only)) continue;
    const double ms = milliseconds(c, numel, tensors, samples);
    const double least = c.arrays * 4 * static_cast<double>(numel) / roof.bandwidth * 1e3;
    json row{{"case", c.name}, {"step_ms", ms}, {"share_of_roofline", least / ms}};
    if (!python.empty()) {
      std::string arguments = std::to_string(num_threads());
      for (const std::int64_t n : {std::int64_t{samples}, numel, tensors}) arguments += " " + std::to_string(n);
      row["pytorch"] = bench::run_script(python, "optim_step_pytorch.py", arguments + " " + c.name);
    }
    std::fprintf(stderr, "%s\n", row.dump().c_str());
    rows.push_back(row);
  }
  std::cout << json{{"benchmark", "optim_step"},
                    {"threads", num_threads()},
                    {"numel", numel},
                    {"tensors", tensors},
                    {"bandwidth_gb", roof.bandwidth * 1e-9},
                    {"rows", rows}}
                   .dump(2)
            << "\n";
} catch (const std::exception& error) {
  std::fprintf(stderr, "optim_step: %s\n", error.what());
  return 2;
}
