#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// Switches of what computes, by the names and with the values of torch.backends where it has them. All threads share
/// them, and each call looks at them anew:
///
///     backends::cudnn.benchmark = true;
///     backends::cuda.matmul.allow_tf32 = true;
namespace ebb::backends {

struct Cudnn {
  /// Whether convolutions and batch norm may go to cuDNN; otherwise ebb's own kernels compute them.
  std::atomic<bool> enabled = true;
  /// Whether the engines of each new convolution are timed, and the fastest is kept; otherwise cuDNN's heuristic picks
  /// one. Sizes that change at every step are timed at every step.
  std::atomic<bool> benchmark = false;
  /// Whether only engines are taken that give the same bits at every call.
  std::atomic<bool> deterministic = false;
  /// Whether convolutions of float32 may round their inputs to TF32, which has 10 bits of mantissa instead of 23, for
  /// the speed of tensor cores.
  std::atomic<bool> allow_tf32 = true;
  /// How many engines `benchmark` times.
  std::atomic<int> benchmark_limit = 10;
  /// Engines that need more bytes of workspace are passed over.
  std::atomic<std::size_t> workspace_limit = std::size_t{256} << 20;
  /// How many plans each GPU keeps; a plan takes some 200 KiB. Those that were used longest ago go.
  std::atomic<std::size_t> plan_limit = 10'000;

  bool is_available() const;
  std::int64_t version() const;  ///< 91900 is 9.19.0; 0 where cuDNN is not available
  std::string why_not() const;   ///< why it is not available; empty where it is

  /// What `benchmark` has found since the process began, as text: a line for each convolution, with the version of
  /// cuDNN, the name of the GPU, the engine and the milliseconds. For a file, so that a later run computes with the
  /// same engines, and need not time them.
  std::string benchmark_results() const;
  /// Adds what a text says to what is known; convolutions take those engines from the next call on, where version and
  /// GPU are the same. An ArgumentError names the line that is not one, and then nothing is added.
  void add_benchmark_results(std::string_view text);
};

struct Cuda {
  struct Matmul {
    /// Whether products of float32 may round their factors to TF32. What runs on other kernels than cuBLAS's does not.
    std::atomic<bool> allow_tf32 = false;
  };
  Matmul matmul;
};

struct Cpu {
  /// Whether convolutions of float32 with kernels of 3 x 3 or 5 x 5 may go by Winograd's tiles where these take less
  /// time: they need fewer multiplications, and err up to three times as much as the sum of the definition.
  std::atomic<bool> winograd = true;
};

extern Cpu cpu;
extern Cudnn cudnn;
extern Cuda cuda;

}  // namespace ebb::backends
