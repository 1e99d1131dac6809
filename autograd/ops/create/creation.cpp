#include "ebb/autograd/ops/create/creation.h"

#include <cmath>

#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/kernels/elementwise/elementwise.h"
#include "ebb/kernels/wrapping.h"

namespace ebb {

static Tensor filled(Tensor x, Scalar value) {
  on_device(x.device(), [&](auto& context) { kernels::fill(context, value, x); });
  return x;
}

static Tensor finished(const Tensor& x, const TensorOptions& options) {
  return options.requires_grad ? x.requires_grad_() : x;
}

Tensor full(const Shape& shape, Scalar value, const TensorOptions& options, Site site) {
  const OpScope op("full", site);
  return finished(filled(empty(shape, {.dtype = options.dtype, .device = options.device}), value), options);
}

Tensor zeros(const Shape& shape, const TensorOptions& options, Site site) {
  const OpScope op("zeros", site);
  return full(shape, 0, options);
}

Tensor ones(const Shape& shape, const TensorOptions& options, Site site) {
  const OpScope op("ones", site);
  return full(shape, 1, options);
}

Tensor zeros_like(const Tensor& x, Site site) {
  const OpScope op("zeros_like", site);
  return filled(empty_like(x), 0);
}

Tensor ones_like(const Tensor& x, Site site) {
  const OpScope op("ones_like", site);
  return filled(empty_like(x), 1);
}

static Tensor arange_of_reals(double start, double end, double step) {
  const double count = std::ceil((end - start) / step);
  check(count >= 0, "from ", start, " no step of ", step, " leads to ", end);
  check<OutOfMemoryError>(count < 0x1p60, "out of memory: cannot hold ", count, " numbers");
  Tensor x = empty({static_cast<std::int64_t>(count)});
  for (std::int64_t i = 0; i < x.numel(); ++i) {
    x.data<float>()[i] = static_cast<float>(start + static_cast<double>(i) * step);
  }
  return x;
}

static Tensor arange_of_integers(std::int64_t start, std::int64_t end, std::int64_t step) {
  check(start == end || (start < end) == (step > 0), "from ", start, " no step of ", step, " leads to ", end);
  // Distances do not fit the signed type.
  const std::uint64_t way = step > 0 ? static_cast<std::uint64_t>(end) - static_cast<std::uint64_t>(start)
                                     : static_cast<std::uint64_t>(start) - static_cast<std::uint64_t>(end);
  const std::uint64_t by = step > 0 ? static_cast<std::uint64_t>(step) : -static_cast<std::uint64_t>(step);
  const std::uint64_t count = way / by + (way % by != 0 ? 1 : 0);
  check<OutOfMemoryError>(count < std::uint64_t{1} << 60, "out of memory: cannot hold ", count, " integers");
  Tensor x = empty({static_cast<std::int64_t>(count)}, {.dtype = kInt64});
  for (std::int64_t i = 0; i < x.numel(); ++i) {
    x.data<std::int64_t>()[i] = kernels::added(start, kernels::multiplied(i, step));
  }
  return x;
}

Tensor arange(Scalar start, Scalar end, Scalar step, Site site) {
  const OpScope op("arange", site);
  check(step.to<double>() != 0, "the step must not be 0");
  if (start.dtype() == kFloat64 || end.dtype() == kFloat64 || step.dtype() == kFloat64) {
    return arange_of_reals(start.to<double>(), end.to<double>(), step.to<double>());
  }
  return arange_of_integers(start.to<std::int64_t>(), end.to<std::int64_t>(), step.to<std::int64_t>());
}

Tensor arange(Scalar end, Site site) {
  const OpScope op("arange", site);
  return arange(0, end, 1);
}

Tensor eye(std::int64_t n, const TensorOptions& options, Site site) {
  const OpScope op("eye", site);
  const Tensor x = zeros({n, n}, {.dtype = options.dtype, .device = options.device});
  const NoGradGuard no_grad;
  if (n > 0) x.alias({n}, {n + 1}, 0).fill_(1);
  return finished(x, options);
}

}  // namespace ebb
