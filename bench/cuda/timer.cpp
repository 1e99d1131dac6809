#include "bench/cuda/timer.h"

#include <cmath>

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/reduce/reduce.h"

#include "bench/cuda/gpu.h"

namespace ebb::bench {

GpuTimer::GpuTimer(int device)
    : device_(device),
      buffer_(ones({2 * l2_bytes(device) / 4}, {.device = {DeviceType::cuda, static_cast<std::int16_t>(device)}})) {
  sum(buffer_);
  start_.record(cuda::current_stream(device_));
  sum(buffer_);
  read_seconds_ = stop() * 1e-6;
}

void GpuTimer::warm_up(double seconds) {
  for (double done = 0; done < seconds;) {
    done += seconds_of([&] {
      for (int i = 0; i < 50; ++i) sum(buffer_);
      cuda::synchronize(device_);
    });
  }
}

void GpuTimer::delay(double seconds) {
  constexpr double most = 2000;  // readings; the queue of a stream is finite
  const int readings = static_cast<int>(std::min(most, 1 + std::ceil(seconds / read_seconds_)));
  for (int i = 0; i < readings; ++i) sum(buffer_);
}

double GpuTimer::stop() {
  end_.record(cuda::current_stream(device_));
  end_.synchronize();
  return 1000.0 * start_.elapsed_time(end_);
}

}  // namespace ebb::bench
