#include "bench/cuda/timer.h"

#include <cmath>

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/reduce/reduce.h"
#include "ebb/core/cuda/check.h"

namespace ebb::bench {
namespace {

std::int64_t l2_bytes(const CudaContext& context) {
  int bytes = 0;
  cuda_check(cudaDeviceGetAttribute(&bytes, cudaDevAttrL2CacheSize, context.index()));
  return bytes;
}

}  // namespace

GpuTimer::GpuTimer(CudaContext& context)
    : context_(context), buffer_(ones({2 * l2_bytes(context) / 4}, {.device = context.device()})) {
  cuda_check(cudaEventCreate(&start_));
  cuda_check(cudaEventCreate(&end_));
  sum(buffer_);
  read_seconds_ = 1;  // one reading a delay, until it is known how long that takes
  start();
  sum(buffer_);
  read_seconds_ = stop() * 1e-6;
}

GpuTimer::~GpuTimer() {
  static_cast<void>(cudaEventDestroy(start_));
  static_cast<void>(cudaEventDestroy(end_));
}

void GpuTimer::warm_up(double seconds) {
  for (double done = 0; done < seconds;) {
    done += seconds_of([&] {
      for (int i = 0; i < 50; ++i) sum(buffer_);
      context_.synchronize();
    });
  }
}

void GpuTimer::delay(double seconds) {
  constexpr double most = 2000;  // readings; the queue of a stream is finite
  const int readings = static_cast<int>(std::min(most, 1 + std::ceil(seconds / read_seconds_)));
  for (int i = 0; i < readings; ++i) sum(buffer_);
}

void GpuTimer::start() { cuda_check(cudaEventRecord(start_, context_.stream())); }

double GpuTimer::stop() {
  cuda_check(cudaEventRecord(end_, context_.stream()));
  cuda_check(cudaEventSynchronize(end_));
  float milliseconds = 0;
  cuda_check(cudaEventElapsedTime(&milliseconds, start_, end_));
  return 1000.0 * static_cast<double>(milliseconds);
}

}  // namespace ebb::bench
