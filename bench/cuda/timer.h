#pragma once

#include "ebb/core/streams/stream.h"
#include "ebb/core/tensor.h"

#include "bench/timing.h"

namespace ebb::bench {

enum class Cache { cold, hot };

/// Times what a GPU does by events on its stream, so that what the CPU does meanwhile does not count.
class GpuTimer {
 public:
  explicit GpuTimer(int device = 0);

  /// Keeps the GPU busy for so long, until its clocks are those of work; an idle one runs at a sixth of them.
  void warm_up(double seconds);

  /// Microseconds of `body` on the GPU. The GPU is kept busy until the CPU has launched all of it, with reading twice
  /// as much as the L2 cache holds: that leaves it cold, and no line in it that has to be written back.
  template <class Body>
  double sample(Cache cache, Body&& body) {
    if (launch_seconds_ == 0 || ++samples_ % 8 == 0) launch_seconds_ = seconds_of(body);
    delay(launch_seconds_);
    if (cache == Cache::hot) body();
    start_.record(cuda::current_stream(device_));
    body();
    return stop();
  }

  /// A body of another kind follows.
  void reset() { launch_seconds_ = 0; }

 private:
  void delay(double seconds);
  double stop();

  int device_;
  Tensor buffer_;
  cuda::Event start_{true}, end_{true};
  double read_seconds_ = 1;  // of the buffer once; until it is known, a delay is one reading
  double launch_seconds_ = 0;
  int samples_ = 0;
};

}  // namespace ebb::bench
