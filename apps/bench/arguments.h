#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace ebb::bench {

/// What `ebb bench` takes.
struct BenchArguments {
  std::vector<std::string> families;
  std::string suite, model, input;
  std::optional<std::int64_t> batch;
  std::string device, dtype = "float32", layout = "nhwc", ceilings;
  std::vector<std::string> passes, only, without;
  std::string json_file, csv_file, plot_file, gpu;
  bool plans = false, tf32 = false, tune = false;
  int rounds = 7, samples = 5;
  double seconds = 0.1, most_gflop = 0;
  std::uint64_t seed = 0;
};

/// What `ebb bench compare` takes.
struct CompareArguments {
  std::string before, after;
  double tolerance = 0.05;
  bool all = false;  ///< shows what is alike, too
};

/// `ebb bench` and `ebb bench compare`, whose options fill the arguments.
struct BenchCommands {
  CLI::App *bench, *compare;
};
BenchCommands add_bench(CLI::App& app, BenchArguments& bench, CompareArguments& compare, int& threads);

}  // namespace ebb::bench
