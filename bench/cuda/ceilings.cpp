// What the GPU can do at most, as measured: a copy of its memory, and a large product by cuBLAS in each kind of
// arithmetic. Prints a line of JSON for each.
#include <cstdio>
#include <functional>

#include <CLI/CLI.hpp>
#include <cublas_v2.h>
#include <nlohmann/json.hpp>

#include "ebb/autograd/ops.h"
#include "ebb/core/cuda/check.h"
#include "ebb/core/cuda/context.h"
#include "ebb/core/cuda/library.h"
#include "ebb/core/random/generator.h"

#include "bench/cuda/no_gpu.h"
#include "bench/cuda/timer.h"

namespace {

using namespace ebb;
using bench::Cache;
using nlohmann::ordered_json;

void print(const char* name, bench::GpuTimer& timer, int samples, double amount, const char* unit,
           const std::function<void()>& body) {
  std::vector<double> times;
  timer.reset();
  for (int i = -2; i < samples; ++i) {
    const double time = timer.sample(Cache::cold, body);
    if (i >= 0) times.push_back(time);
  }
  const double median = bench::quantile(times, 0.5);
  const ordered_json row{{"ceiling", name},
                         {"samples", samples},
                         {"median_us", median},
                         {"p10_us", bench::quantile(times, 0.1)},
                         {"p90_us", bench::quantile(times, 0.9)},
                         {unit, amount / median}};
  std::puts(row.dump().c_str());
  std::fflush(stdout);
}

void copies(CudaContext& context, bench::GpuTimer& timer, int samples) {
  const std::int64_t bytes = std::int64_t{1} << 30;
  const Tensor from = ones({bytes / 4}, {.device = kCUDA});
  Tensor to = empty({bytes / 4}, {.device = kCUDA});
  const double moved = 2e-3 * static_cast<double>(bytes);
  print("copy by cudaMemcpyAsync", timer, samples, moved, "gb_per_s", [&] {
    copy_bytes(context, static_cast<std::byte*>(to.raw_data()), static_cast<const std::byte*>(from.raw_data()),
               static_cast<std::size_t>(bytes));
  });
  print("copy by ebb's x * 1", timer, samples, moved, "gb_per_s", [&] { to.mul_(1); });
}

struct Arithmetic {
  const char* name;
  DType dtype;
  cudaDataType type;
  cublasComputeType_t compute;
};

/// A square product of normally distributed matrices: zeros would run faster, for they need less power.
void product(CudaContext& context, bench::GpuTimer& timer, int samples, const Arithmetic& arithmetic) {
  constexpr std::int64_t n = 8192;
  struct Functions {
    decltype(&cublasGemmEx_64) gemm;
  };
  static const Library<Functions> cublas = open_library<Functions>(
      "cuBLAS", "libcublas.so.13",
      [](LibraryOpener& opener, Functions& functions) { opener.find("cublasGemmEx_64", functions.gemm); });
  const Tensor drawn = repeat(randn({n}), {n + 1}).slice(0, 0, n * n - 5).to(arithmetic.dtype);
  const Tensor a = cat({drawn, drawn.slice(0, 0, 5)}).to(kCUDA), b = a.clone();
  Tensor y = empty({n * n}, {.dtype = arithmetic.dtype, .device = kCUDA});
  const float one = 1, zero = 0;
  const double operations = 2e-6 * static_cast<double>(n * n) * static_cast<double>(n);
  print(arithmetic.name, timer, samples, operations, "tflop_per_s", [&] {
    cublas_check(functions_of(cublas).gemm(context.cublas(), CUBLAS_OP_N, CUBLAS_OP_N, n, n, n, &one, a.raw_data(),
                                           arithmetic.type, n, b.raw_data(), arithmetic.type, n, &zero, y.raw_data(),
                                           arithmetic.type, n, arithmetic.compute, CUBLAS_GEMM_DEFAULT));
  });
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("Measures what a GPU can do at most; prints lines of JSON");
  int samples = 12;
  app.add_option("--samples", samples, "of each; the median counts")->check(CLI::Range(5, 100000));
  CLI11_PARSE(app, argc, argv);
  if (bench::says_no_gpu()) return bench::skipped;
  manual_seed(0);
  CudaContext& context = cuda_context(0);
  bench::GpuTimer timer;
  timer.warm_up(0.5);
  copies(context, timer, samples);
  for (const Arithmetic& arithmetic : {
           Arithmetic{"8192 x 8192 x 8192 in float32", kFloat32, CUDA_R_32F, CUBLAS_COMPUTE_32F_PEDANTIC},
           Arithmetic{"8192 x 8192 x 8192 in TF32", kFloat32, CUDA_R_32F, CUBLAS_COMPUTE_32F_FAST_TF32},
           Arithmetic{"8192 x 8192 x 8192 in bfloat16", kBFloat16, CUDA_R_16BF, CUBLAS_COMPUTE_32F},
       }) {
    product(context, timer, samples, arithmetic);
  }
} catch (const std::exception& error) {
  std::fprintf(stderr, "cuda_ceilings: %s\n", error.what());
  return 1;
}
