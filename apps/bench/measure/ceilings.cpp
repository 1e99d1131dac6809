#include "apps/bench/measure/ceilings.h"

#include <algorithm>

#include "ebb/autograd/ops.h"

#include "apps/bench/cases/call.h"
#include "apps/bench/measure/stopwatch.h"
#include "bench/roofline.h"

namespace ebb::bench {
namespace {

Ceilings of_cpu(DType dtype) {
  const Roofline roof = measure_roofline();
  return {.flops = dtype == kFloat64 ? roof.flops64 : roof.flops,
          .bandwidth = std::max(roof.bandwidth, roof.read_bandwidth)};
}

double best_of(Stopwatch& stopwatch, const std::function<void()>& body) {
  double best = stopwatch.cold(body);
  for (int i = 0; i < 9; ++i) best = std::min(best, stopwatch.cold(body));
  return best;
}

Ceilings of_gpu(Device device, DType dtype) {
  constexpr std::int64_t n = 8192, bytes = std::int64_t{1} << 30;
  const auto stopwatch = stopwatch_of(device);
  const Tensor a = drawn({n, n}, dtype, MemoryFormat::contiguous).to(device), b = a.clone();
  const double multiplying = best_of(*stopwatch, [&] { mm(a, b); });
  const Tensor from = zeros({bytes / 4}, {.device = device});
  Tensor to = zeros({bytes / 4}, {.device = device});
  const double reading = best_of(*stopwatch, [&] { sum(from); });
  const double copying = best_of(*stopwatch, [&] { to.copy_(from); });
  return {.flops = 2.0 * n * n * n / multiplying, .bandwidth = std::max(bytes / reading, 2.0 * bytes / copying)};
}

}  // namespace

Ceilings measure_ceilings(Device device, DType dtype) {
  return device.is_cuda() ? of_gpu(device, dtype) : of_cpu(dtype);
}

}  // namespace ebb::bench
