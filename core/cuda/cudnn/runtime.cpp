#include "ebb/core/cuda/cudnn/runtime.h"

#include <algorithm>
#include <limits>

#include "ebb/core/cuda/check.h"
#include "ebb/core/cuda/context.h"

namespace ebb::cudnn {
namespace {

constexpr int times = 3;

class TimedEvent {
 public:
  TimedEvent() { cuda_check(cudaEventCreate(&event_)); }
  ~TimedEvent() { static_cast<void>(cudaEventDestroy(event_)); }
  TimedEvent(const TimedEvent&) = delete;
  TimedEvent& operator=(const TimedEvent&) = delete;

  void record(cudaStream_t stream) { cuda_check(cudaEventRecord(event_, stream)); }
  float since(const TimedEvent& start) {
    cuda_check(cudaEventSynchronize(event_));
    float milliseconds = 0;
    cuda_check(cudaEventElapsedTime(&milliseconds, start.event_, event_));
    return milliseconds;
  }

 private:
  cudaEvent_t event_ = nullptr;
};

}  // namespace

std::string device_name(int index) {
  cudaDeviceProp properties{};
  cuda_check(cudaGetDeviceProperties(&properties, index));
  return properties.name;
}

bool is_capturing(CudaContext& context) { return context.is_capturing(); }

double milliseconds(CudaContext& context, const std::function<void()>& run) {
  run();
  TimedEvent start, end;
  double least = std::numeric_limits<double>::infinity();
  for (int i = 0; i < times; ++i) {
    start.record(context.stream());
    run();
    end.record(context.stream());
    least = std::min(least, static_cast<double>(end.since(start)));
  }
  return least;
}

}  // namespace ebb::cudnn
