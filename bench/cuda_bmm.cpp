// Batches of float32 matrices on a GPU: ebb's own kernel beside cuBLAS, sample by sample in turn.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include <CLI/CLI.hpp>
#include <cublas_v2.h>
#include <cuda_runtime_api.h>
#include <nlohmann/json.hpp>

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/create/random.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/elementwise/unary.h"
#include "ebb/autograd/ops/reduce/reduce.h"
#include "ebb/core/cuda/check.h"
#include "ebb/core/cuda/context.h"
#include "ebb/core/random/generator.h"
#include "ebb/kernels/matmul/bmm.h"

namespace {

using namespace ebb;

constexpr int skipped = 77;
constexpr std::size_t flush_bytes = std::size_t{128} << 20;  // more than twice the L2 cache of an H200

struct Shape3 {
  std::int64_t batch, m, n, k;
};

// Attention of BERT-large (384 tokens, 64 a head), squares, and small matrices.
const std::vector<Shape3> all_shapes = {{12, 384, 384, 64},   {12, 384, 64, 384},  {1536, 384, 384, 64},
                                        {1536, 384, 64, 384}, {64, 512, 512, 512}, {8, 2048, 2048, 2048},
                                        {4096, 64, 64, 64},   {4096, 32, 32, 32},  {256, 128, 128, 128}};
const std::vector<Shape3> smoke_shapes = {{12, 384, 384, 64}, {64, 128, 128, 128}};

class Timer {
 public:
  explicit Timer(CudaContext& context)
      : context_(context), flush_(empty({flush_bytes}, {.dtype = kUInt8, .device = kCUDA})) {
    cuda_check(cudaEventCreate(&start_));
    cuda_check(cudaEventCreate(&end_));
  }

  /// Microseconds of `body` on the GPU, with nothing of its operands in the L2 cache.
  template <class Body>
  double sample(Body&& body) {
    cuda_check(cudaMemsetAsync(flush_.raw_data(), 0, flush_bytes, context_.stream()));
    cuda_check(cudaEventRecord(start_, context_.stream()));
    body();
    cuda_check(cudaEventRecord(end_, context_.stream()));
    cuda_check(cudaEventSynchronize(end_));
    float milliseconds = 0;
    cuda_check(cudaEventElapsedTime(&milliseconds, start_, end_));
    return 1000.0 * static_cast<double>(milliseconds);
  }

 private:
  CudaContext& context_;
  Tensor flush_;
  cudaEvent_t start_ = nullptr, end_ = nullptr;
};

void by_cublas(CudaContext& context, const Shape3& s, const Tensor& a, const Tensor& b, Tensor& y) {
  const float one = 1, zero = 0;
  cublas_check(cublasSgemmStridedBatched_64(context.cublas(), CUBLAS_OP_N, CUBLAS_OP_N, s.n, s.m, s.k, &one,
                                            b.data<float>(), s.n, s.k * s.n, a.data<float>(), s.k, s.m * s.k, &zero,
                                            y.data<float>(), s.n, s.m * s.n, s.batch));
}

nlohmann::ordered_json row(const Shape3& s, const char* implementation, std::vector<double> times, double error) {
  std::ranges::sort(times);
  const auto at = [&](double q) { return times[static_cast<std::size_t>(q * static_cast<double>(times.size() - 1))]; };
  const auto [batch, m, n, k] = s;
  const double elements = static_cast<double>(batch) * static_cast<double>(m * k + k * n + m * n);
  const double operations = 2.0 * static_cast<double>(batch) * static_cast<double>(m) * static_cast<double>(n * k);
  return {{"op", "bmm"},
          {"dtype", "float32"},
          {"batch", batch},
          {"m", m},
          {"n", n},
          {"k", k},
          {"layout", "nn"},
          {"input", "normal(0, 1)"},
          {"cache", "cold"},
          {"implementation", implementation},
          {"samples", times.size()},
          {"median_us", at(0.5)},
          {"p10_us", at(0.1)},
          {"p90_us", at(0.9)},
          {"gb_per_s", elements * 4e-3 / at(0.5)},
          {"tflop_per_s", operations * 1e-6 / at(0.5)},
          {"largest_difference", error}};
}

/// One row for ebb, with its ratio to cuBLAS, and one for cuBLAS.
void measure(CudaContext& context, Timer& timer, const Shape3& s, int samples, nlohmann::ordered_json& rows) {
  const TensorOptions gpu{.device = kCUDA};
  const Tensor a = randn({s.batch, s.m, s.k}, gpu), b = randn({s.batch, s.k, s.n}, gpu);
  Tensor own = empty({s.batch, s.m, s.n}, gpu), reference = empty({s.batch, s.m, s.n}, gpu);
  const auto run_own = [&] {
    const kernels::ForceImplementation force("bmm", "tiled");
    kernels::bmm(context, a, b, {}, own);
  };
  const auto run_reference = [&] { by_cublas(context, s, a, b, reference); };
  std::vector<double> own_times, reference_times;
  for (int i = -2; i < samples; ++i) {  // the first two of each do not count
    const double own_time = timer.sample(run_own), reference_time = timer.sample(run_reference);
    if (i < 0) continue;
    own_times.push_back(own_time);
    reference_times.push_back(reference_time);
  }
  const double error = static_cast<double>(max(abs(own - reference)).item<float>());
  auto ours = row(s, "ebb", own_times, error), theirs = row(s, "cublas", reference_times, 0);
  ours["speed_of_cublas"] = theirs["median_us"].get<double>() / ours["median_us"].get<double>();
  rows.push_back(ours);
  rows.push_back(theirs);
}

nlohmann::ordered_json header() {
  cudaDeviceProp properties{};
  cuda_check(cudaGetDeviceProperties(&properties, 0));
  int driver = 0, runtime = 0;
  cuda_check(cudaDriverGetVersion(&driver));
  cuda_check(cudaRuntimeGetVersion(&runtime));
  return {{"gpu", properties.name},
          {"multiprocessors", properties.multiProcessorCount},
          {"cuda_driver", driver},
          {"cuda_runtime", runtime},
          {"math", "float32 without TF32"}};
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("Times ebb's batched matrix product beside cuBLAS; prints JSON");
  int samples = 30;
  bool smoke = false;
  app.add_option("--samples", samples, "of each; the median counts")->check(CLI::Range(10, 100000));
  app.add_flag("--smoke", smoke, "two small shapes, ten samples");
  CLI11_PARSE(app, argc, argv);
  if (cuda_device_count() == 0) {
    std::puts("skipped: this machine has no NVIDIA GPU, or no driver for it");
    return skipped;
  }
  manual_seed(0);
  CudaContext& context = cuda_context(0);
  Timer timer(context);
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const Shape3& shape : smoke ? smoke_shapes : all_shapes)
    measure(context, timer, shape, smoke ? 10 : samples, rows);
  const nlohmann::ordered_json report{{"device", header()}, {"rows", rows}};
  std::puts(report.dump(2).c_str());
} catch (const std::exception& error) {
  std::fprintf(stderr, "cuda_bmm: %s\n", error.what());
  return 1;
}
