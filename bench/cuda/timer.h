#pragma once

#include <vector>

#include <cuda_runtime_api.h>

#include "ebb/core/cuda/context.h"
#include "ebb/core/tensor.h"

#include "bench/timing.h"

namespace ebb::bench {

enum class Cache { cold, hot };

/// Times what a GPU does by events on its stream, so that what the CPU does meanwhile does not count.
class GpuTimer {
 public:
  explicit GpuTimer(CudaContext& context);
  ~GpuTimer();
  GpuTimer(const GpuTimer&) = delete;
  GpuTimer& operator=(const GpuTimer&) = delete;

  /// Keeps the GPU busy for so long, until its clocks are those of work; an idle one runs at a sixth of them.
  void warm_up(double seconds);

  /// Microseconds of `body` on the GPU. The GPU is kept busy until the CPU has launched all of it; where the cache is
  /// to be cold, with reading twice as much as the L2 cache holds, which leaves no line to be written back.
  template <class Body>
  double sample(Cache cache, Body&& body) {
    if (launch_seconds_ == 0 || ++samples_ % 8 == 0) launch_seconds_ = seconds_of(body);
    delay(launch_seconds_);
    if (cache == Cache::hot) body();
    start();
    body();
    return stop();
  }

  /// A body of another kind follows.
  void reset() { launch_seconds_ = 0; }

 private:
  void delay(double seconds);
  void start();
  double stop();

  CudaContext& context_;
  Tensor buffer_;
  double read_seconds_ = 0;  // of the buffer once
  double launch_seconds_ = 0;
  int samples_ = 0;
  cudaEvent_t start_ = nullptr, end_ = nullptr;
};

}  // namespace ebb::bench
