// `ebb bench --device cuda` on an emulated GPU: the times mean nothing, but everything is called, and checked against
// float64 on the CPU.
#include <cstdio>
#include <fstream>

#include "ebb/core/backends/backends.h"
#include "ebb/core/error.h"

#include "apps/bench/cases/make_cases.h"
#include "apps/bench/command.h"
#include "apps/bench/contestants.h"
#include "apps/bench/cuda/described_gpu.h"
#include "apps/bench/reference.h"
#include "apps/bench/report/json.h"
#include "tests/support/cuda_emulator/cudnn_emulator.h"
#include "tests/support/cuda_emulator/emulator.h"
#include "tests/support/cuda_emulator/nvml_emulator.h"

namespace ebb::bench {
namespace {

/// Of the contestant of that name, which has been timed.
const std::string& plan_of(const Row& row, const std::string& name) {
  for (const Entry& entry : row.entries) {
    if (entry.name != name) continue;
    check(entry.refusal.empty(), row.name(), ": ", name, " was refused: ", entry.refusal);
    return entry.plan;
  }
  fail(row.name(), ": no ", name);
}

/// cuDNN's first choice is engine 3, its fastest engine 2; of cuBLASLt's algorithms one does not run.
void check_plans(const Result& result) {
  int convolutions = 0, products = 0;
  for (const Row& row : result.rows) {
    if (row.op == "conv2d") {
      ++convolutions;
      const std::string &first = plan_of(row, "cudnn"), &tuned = plan_of(row, "cudnn tuned");
      check(first == "engine 3 1=30" && tuned == "engine 2 1=20", row.name(), ": by ", first, "; by ", tuned);
    } else if (row.op == "linear") {
      ++products;
      const std::string& plan = plan_of(row, "cublaslt");
      const bool is_one = plan.starts_with("algorithm 21 ") || plan.starts_with("algorithm 66 ");
      check(is_one && plan.ends_with(", the fastest of 2"), row.name(), ": by ", plan);
    }
  }
  check(convolutions > 0 && products > 0, "nothing was compared");
  check(!backends::cudnn.benchmark, "a switch has been left on");
}

/// Of every dtype, and of factors that lie by rows and by columns; cuBLASLt is told of each in another way.
void check_products() {
  for (const DType dtype : {kFloat32, kFloat64, kFloat16, kBFloat16}) {
    const Setting setting{dtype, kCUDA, MemoryFormat::channels_last};
    for (const char* layout : {"nn", "nt", "tn", "tt"}) {
      const Case c = bmm_case(3, 7, 9, 5, layout);
      const std::vector<Tensor> inputs = drawn_inputs(c, dtype, setting.format);
      const Tensor dy = drawn({3, 7, 9}, dtype, setting.format);
      for (const Pass& pass : c.passes) {
        const Reference reference = reference_of(c, pass, inputs, dy, setting.format);
        const std::vector<Contestant> all = contestants_of(c, pass, inputs, dy, setting, {});
        check(all.back().name == "cublaslt" && all.back().is_external, "no cublaslt for ", c.name());
        const double error = error_of(all.back().run(), reference.results);
        check(error <= tolerance_of(dtype, false), c.name(), " ", pass.name, " ", dtype, ": cublaslt errs by ", error);
      }
    }
  }
}

std::string names_of(const std::vector<CudnnPlan>& plans) {
  std::string names;
  for (const CudnnPlan& plan : plans) names += plan.name + " " + std::to_string(plan.workspace) + "; ";
  return names;
}

void check_described_gpu(const std::string& file) {
  std::ofstream(file) << "{}";
  const CudnnAdvice advice = cudnn_on_described_gpu(file);
  const Case conv = conv_case({2, 8, 6, 6}, {16, 8, 3, 3}, {.stride = 2, .padding = 1});
  const Case transposed = conv_transpose_case({2, 16, 3, 3}, {16, 8, 3, 3}, {.stride = 2, .padding = 1});
  for (const Case& c : {conv, transposed}) {
    for (const Pass& pass : c.passes) {
      const std::string names = names_of(advice(c, pass, kFloat32));
      check(names == "engine 3 1=30 1024; engine 2 1=20 0; ", c.name(), " ", pass.name, ": ", names);
    }
  }
  BenchArguments arguments;
  arguments.plans = true;
  arguments.gpu = file;
  check(bench_command(arguments) == 0, "--plans failed");
}

long throttled(const Result& result) { return noise_of(result.rows).throttled; }

/// Of the second GPU while that is too hot: nothing counts but the one sample of each turn that is left.
void check_hot_gpu(BenchArguments arguments) {
  emulator::nvml(1).reasons = 0x20;
  const long asked = emulator::nvml(0).asked;
  arguments.device = "cuda:1";
  arguments.families = {"conv", "bmm"};
  arguments.seconds = 1000;  // no turn ends early
  check(bench_command(arguments) == 0, "on cuda:1 somebody was wrong");
  const Result result = read_result(arguments.json_file);
  check(result.device == "cuda:1", "timed on ", result.device);
  check(result.best_megahertz == emulator::nvml(1).megahertz, "the best clock is ", result.best_megahertz);
  check(emulator::nvml(0).asked == asked && emulator::nvml(1).asked > 0, "NVML was asked of another GPU");
  for (const Row& row : result.rows) {
    if (row.op == "linear") check(!plan_of(row, "cublaslt").empty(), "cuBLASLt has no plan on cuda:1");
    for (const Entry& entry : row.entries) {
      if (!entry.refusal.empty()) continue;
      const long most = 2 * 2 * arguments.samples * arguments.rounds;  // twice as many tries, cold and hot
      check(entry.clock == 1, row.name(), ": the clock of ", entry.name, " is ", entry.clock);
      check(entry.throttled == most, row.name(), ": ", entry.throttled, " samples of ", entry.name, " were throttled");
      check(entry.cold.rounds == Rounds{{entry.cold.rounds.at(0).at(0)}}, "more than one sample counts");
    }
  }
}

}  // namespace
}  // namespace ebb::bench

int main(int argc, char** argv) try {
  using namespace ebb;
  check(argc == 2, "usage: bench_emulated FILE.json");
  emulator::set_device_count(2);
  bench::check_products();
  emulator::cudnn().heuristic = {3, 2};
  bench::check_described_gpu(argv[1]);
  bench::BenchArguments arguments;
  arguments.device = "cuda";
  arguments.model = "convnet";
  arguments.input = "1,1,28,28";
  arguments.families = {"conv", "pool", "norm", "bmm", "elementwise"};
  arguments.ceilings = "0.001,1";
  arguments.rounds = arguments.samples = 1;
  arguments.tune = true;
  arguments.json_file = argv[1];
  const int status = bench::bench_command(arguments);
  const bench::Result result = bench::read_result(argv[1]);
  bench::check_plans(result);
  check(bench::throttled(result) == 0, "samples of a GPU that is not slow do not count");
  bench::check_hot_gpu(arguments);
  return status;
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_emulated: %s\n", error.what());
  return 2;
}
