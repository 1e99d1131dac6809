#include "ebb/autograd/ops/create/creation.h"

#include <cmath>

#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/kernels/elementwise/elementwise.h"

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

Tensor arange(Scalar start, Scalar end, Scalar step, Site site) {
  const OpScope op("arange", site);
  const double first = start.to<double>(), by = step.to<double>();
  check(by != 0, "the step must not be 0");
  const double count = std::ceil((end.to<double>() - first) / by);
  check(count >= 0, "from ", first, " no step of ", by, " leads to ", end.to<double>());
  const bool real = start.dtype() == kFloat64 || end.dtype() == kFloat64 || step.dtype() == kFloat64;
  Tensor x = empty({static_cast<std::int64_t>(count)}, {.dtype = real ? kFloat32 : kInt64});
  for (std::int64_t i = 0; i < x.numel(); ++i) {
    if (real) {
      x.data<float>()[i] = static_cast<float>(first + static_cast<double>(i) * by);
    } else {
      x.data<std::int64_t>()[i] = start.to<std::int64_t>() + i * step.to<std::int64_t>();
    }
  }
  return x;
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
