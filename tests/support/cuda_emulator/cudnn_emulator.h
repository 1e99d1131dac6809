#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <cudnn.h>

/// What tests see of the emulator's cuDNN, and set.
namespace emulator {

/// An engine that the heuristics know.
struct CudnnEngine {
  std::vector<cudnnBackendNumericalNote_t> notes{};
  bool compiles = false;  // at run time
  std::int64_t workspace = 0;
  double milliseconds = 1;
  bool plans = true;     // whether a plan with it can be finished
  bool runs = true;      // whether the plan then runs
  bool finishes = true;  // whether it takes graphs of more than a convolution
};

struct Cudnn {
  bool is_there = true;
  bool captures = false;  // whether all streams go into graphs
  std::size_t version = 91900;
  std::map<std::int64_t, CudnnEngine> engines = default_engines();
  std::vector<std::int64_t> heuristic = {1, 2, 3, 4}, fallback = {9};  // best first

  std::vector<std::int64_t> executed{};  // the engine of each run
  std::uint64_t plans = 0;               // that were finished
  std::uint64_t calls = 0;               // of functions that may fail
  std::uint64_t fails_at = 0;            // the call that fails; 0 for none
  std::string failed{};                  // the function that did
  std::int64_t descriptors = 0;          // that live
  std::uint64_t norms = 0;               // batch norms, forward or backward
  double clock = 0;                      // milliseconds that runs have taken

  static std::map<std::int64_t, CudnnEngine> default_engines();
};

Cudnn& cudnn();

}  // namespace emulator

struct cudnnContext {
  cudaStream_t stream = nullptr;
};

namespace emulator {

namespace detail {
/// One call of cuDNN at a time. One with a name is counted, and may be told to fail.
struct CudnnCall {
  CudnnCall();
  explicit CudnnCall(const char* function);

  std::unique_lock<std::recursive_mutex> lock;
  bool fails = false;
};

/// Work of the handle's stream.
void on_stream(cudnnContext& handle, const std::function<void()>& work);
cudnnStatus_t cudnn_refuses(const char* why, cudnnStatus_t status = CUDNN_STATUS_BAD_PARAM);
}  // namespace detail

}  // namespace emulator
