#include "tests/kernels/both_devices.h"

#include <cmath>
#include <limits>
#include <random>

#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/core/backends/backends.h"
#include "ebb/core/dispatch.h"

#include "tests/support/catch.h"

namespace ebb::test {

/// Before any test: what is compared with the CPU must not be rounded to TF32.
[[maybe_unused]] static const bool is_exact = [] {
  backends::cudnn.allow_tf32 = false;
  return true;
}();

Tensor on_gpu(const Tensor& x) {
  const auto elements = static_cast<std::int64_t>(x.storage().bytes() / size_of(x.dtype()));
  return x.detach()
      .alias({elements}, {1}, 0)
      .detach()
      .to(kCUDA)
      .alias(x.shape(), x.strides(), x.storage_offset())
      .detach();
}

Tensor random_tensor(const Shape& shape, DType dtype, bool special) {
  static std::mt19937_64 random(17);
  std::normal_distribution<double> normal(0, 2);
  Tensor x = empty(shape, {.dtype = dtype});
  const std::int64_t numel = x.numel();
  visit_any(dtype, [&]<class T>() {
    T* elements = x.data<T>();
    for (std::int64_t i = 0; i < numel; ++i) {
      const double value = dtype == kBool || dtype == kUInt8 ? std::abs(std::round(normal(random))) : normal(random);
      elements[i] = T(static_cast<float>(value));
    }
    if constexpr (is_half<T> || std::is_floating_point_v<T>) {
      constexpr float infinity = std::numeric_limits<float>::infinity();
      const T specials[] = {T(std::numeric_limits<float>::quiet_NaN()), T(infinity), T(-infinity), T(0.0F), T(-0.0F)};
      for (std::int64_t i = 0; special && i < std::min<std::int64_t>(5, numel); ++i) {
        elements[(i * 7 + 3) % numel] = specials[i];
      }
    }
  });
  return x;
}

Tolerance tolerance_of(DType dtype, double of_float32, double of_float64) {
  if (dtype == kFloat64) return of_float64;
  Tolerance tolerance = of_float32;
  if (is_half_precision(dtype)) tolerance.relative += dtype == kFloat16 ? 0x1p-10 : 0x1p-7;
  return tolerance;
}

std::vector<Tensor> layouts_of(const Tensor& x) {
  std::vector<Tensor> all{x};
  if (x.dim() == 0) return all;
  const int last = x.dim() - 1;
  all.push_back(x.transpose(0, last).contiguous().transpose(0, last));
  Shape wide = x.shape();
  wide[last] = wide[last] * 2 + 1;
  const Tensor sliced = empty(wide, {.dtype = x.dtype()}).fill_(1).slice(last, 1, {}, 2);
  all.push_back(sliced.copy_(x).detach());
  const Tensor misaligned = empty({x.numel() + 1}, {.dtype = x.dtype()}).narrow(0, 1, x.numel()).view(x.shape());
  all.push_back(misaligned.copy_(x).detach());
  return all;
}

static bool agree(double actual, double expected, const Tolerance& tolerance) {
  if (std::isnan(expected) || std::isnan(actual)) return std::isnan(expected) && std::isnan(actual);
  return actual == expected ||
         std::abs(actual - expected) <= tolerance.absolute + tolerance.relative * std::abs(expected);
}

void require_close(const Tensor& actual, const Tensor& expected, Tolerance tolerance) {
  REQUIRE(actual.shape() == expected.shape());
  REQUIRE(actual.dtype() == expected.dtype());
  const Tensor a = actual.detach().to(kCPU).to(kFloat64).contiguous();
  const Tensor e = expected.detach().to(kCPU).to(kFloat64).contiguous();
  const double *all_got = a.data<double>(), *all_wanted = e.data<double>();
  for (std::int64_t i = 0, numel = a.numel(); i < numel; ++i) {
    const double got = all_got[i], want = all_wanted[i];
    if (agree(got, want, tolerance)) continue;
    CAPTURE(i, got, want, to_string(actual.shape()), to_string(actual.dtype()));
    FAIL("the devices differ");
  }
}

}  // namespace ebb::test
