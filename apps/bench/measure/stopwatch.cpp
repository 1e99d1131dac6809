#include "apps/bench/measure/stopwatch.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>

#include "apps/bench/measure/cache_flush.h"
#include "bench/cuda/timer.h"
#include "bench/timing.h"

namespace ebb::bench {
namespace {

class CpuStopwatch final : public Stopwatch {
 public:
  double cold(const std::function<void()>& body, double rest) override {
    flush_();
    if (rest > 0) std::this_thread::sleep_for(std::chrono::duration<double>(rest));
    return seconds_of(body);
  }

  double hot(const std::function<void()>& body) override {
    constexpr double least_seconds = 1e-4;
    constexpr double most_runs = 10'000;
    const double first = seconds_of(body);
    if (first >= least_seconds) return first;
    const auto runs = static_cast<int>(std::clamp(std::ceil(least_seconds / std::max(first, 1e-9)), 1.0, most_runs));
    const double taken = seconds_of([&] {
      for (int i = 0; i < runs; ++i) body();
    });
    return taken / runs;
  }

 private:
  CacheFlush flush_;
};

class GpuStopwatch final : public Stopwatch {
 public:
  explicit GpuStopwatch(int device) : timer_(device) { timer_.warm_up(0.2); }

  double cold(const std::function<void()>& body, double) override { return sample(Cache::cold, body); }
  double hot(const std::function<void()>& body) override { return sample(Cache::hot, body); }

 private:
  double sample(Cache cache, const std::function<void()>& body) {
    timer_.reset();
    return timer_.sample(cache, body) * 1e-6;
  }

  GpuTimer timer_;
};

}  // namespace

std::unique_ptr<Stopwatch> stopwatch_of(Device device) {
  if (device.is_cuda()) return std::make_unique<GpuStopwatch>(device.index);
  return std::make_unique<CpuStopwatch>();
}

}  // namespace ebb::bench
