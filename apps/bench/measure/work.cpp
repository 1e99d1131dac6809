#include "apps/bench/measure/work.h"

#include "ebb/core/error.h"

namespace ebb::bench {
namespace {

double count(const Shape& shape) { return static_cast<double>(numel(shape)); }

double all_elements(const Shape& x, const Shape& weight, const Shape& y) { return count(x) + count(weight) + count(y); }

}  // namespace

Work conv_work(const Shape& x, const Shape& weight, const Shape& y) {
  const double pixels = count(y) / static_cast<double>(y[1]);
  return {.flops = 2 * pixels * count(weight), .elements = all_elements(x, weight, y)};
}

Work conv_transpose_work(const Shape& x, const Shape& weight, const Shape& y) {
  const double pixels = count(x) / static_cast<double>(x[1]);
  return {.flops = 2 * pixels * count(weight), .elements = all_elements(x, weight, y)};
}

Work product_work(std::int64_t batch, std::int64_t m, std::int64_t n, std::int64_t k) {
  const double a = count({batch, m, k}), b = count({batch, k, n}), y = count({batch, m, n});
  return {.flops = 2 * a * static_cast<double>(n), .elements = a + b + y};
}

Work product_backward_work(std::int64_t batch, std::int64_t m, std::int64_t n, std::int64_t k) {
  const double a = count({batch, m, k}), b = count({batch, k, n}), y = count({batch, m, n});
  return {.flops = 4 * a * static_cast<double>(n), .elements = 2 * (a + b) + y};
}

Work pool_work(const Shape& x, const Shape& y, double window) {
  return {.flops = count(y) * window, .elements = count(x) + count(y)};
}

Work pool_backward_work(const Shape& x, const Shape& y, bool reads_indices) {
  return {.elements = count(x) + count(y), .other_bytes = reads_indices ? count(y) : 0};
}

Bound bound_of(const Work& work, DType dtype, double flops, double bandwidth) {
  check(flops > 0 && bandwidth > 0, "ceilings must be positive, got ", flops, " operations and ", bandwidth,
        " bytes a second");
  const double computing = work.flops / flops, moving = work.bytes(dtype) / bandwidth;
  return {.is_compute = computing > moving, .seconds = computing > moving ? computing : moving};
}

}  // namespace ebb::bench
