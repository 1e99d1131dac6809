#include "ebb/kernels/norm/plain.h"

#include "ebb/core/dispatch.h"

namespace ebb::kernels {

/// The sum of term(i) over the elements i of each channel of x goes to the channel's element of `sums`.
template <class T, class Term>
static void sum_channels(const Tensor& x, Tensor& sums, Term&& term) {
  const std::int64_t channels = x.size(1);
  for (std::int64_t c = 0; c < channels; ++c) {
    double sum = 0;
    for (std::int64_t i = c; i < x.numel(); i += channels) sum += static_cast<double>(term(i, c));
    sums.data<T>()[c] = static_cast<T>(sum);
  }
}

void plain_stats(const Tensor& x, Tensor& mean, Tensor& m2) {
  visit_float(x.dtype(), [&]<class T>() {
    const T* from = x.data<T>();
    const T* middle = mean.data<T>();
    const auto rows = static_cast<double>(x.size(0) == 0 ? 1 : x.size(0));
    sum_channels<T>(x, mean, [&](std::int64_t i, std::int64_t) { return static_cast<double>(from[i]) / rows; });
    sum_channels<T>(x, m2, [&](std::int64_t i, std::int64_t c) {
      const double deviation = static_cast<double>(from[i]) - static_cast<double>(middle[c]);
      return deviation * deviation;
    });
  });
}

void plain_apply(const Tensor& x, const Tensor& mean, const Tensor& scale, const Tensor& shift, const NormTail& tail,
                 Tensor& y) {
  visit_float(x.dtype(), [&]<class T>() {
    for (std::int64_t i = 0; i < x.numel(); ++i) {
      const std::int64_t c = i % x.size(1);
      T value = (x.data<T>()[i] - mean.data<T>()[c]) * scale.data<T>()[c] + shift.data<T>()[c];
      if (tail.residual.defined()) value += tail.residual.data<T>()[i];
      y.data<T>()[i] = tail.relu && value < T(0) ? T(0) : value;
    }
  });
}

namespace {

/// dy as a mask leaves it.
template <class T>
T masked(const Tensor& dy, const Tensor& x, const Tensor& mean, const NormMask& mask, std::int64_t i, std::int64_t c) {
  if (!mask.scale.defined()) return dy.data<T>()[i];
  const T result = (x.data<T>()[i] - mean.data<T>()[c]) * mask.scale.data<T>()[c] + mask.shift.data<T>()[c];
  return result <= T(0) ? T(0) : dy.data<T>()[i];
}

}  // namespace

void plain_backward_sums(const Tensor& dy, const Tensor& x, const Tensor& mean, const NormMask& mask, Tensor& s1,
                         Tensor& s2) {
  visit_float(x.dtype(), [&]<class T>() {
    const auto gradient = [&](std::int64_t i, std::int64_t c) { return masked<T>(dy, x, mean, mask, i, c); };
    sum_channels<T>(x, s1, gradient);
    sum_channels<T>(
        x, s2, [&](std::int64_t i, std::int64_t c) { return gradient(i, c) * (x.data<T>()[i] - mean.data<T>()[c]); });
  });
}

void plain_backward_apply(const Tensor& dy, const Tensor& x, const Tensor& mean, const NormMask& mask, const Tensor& a,
                          const Tensor& b, const Tensor& c, Tensor& dx) {
  visit_float(x.dtype(), [&]<class T>() {
    for (std::int64_t i = 0; i < x.numel(); ++i) {
      const std::int64_t k = i % x.size(1);
      dx.data<T>()[i] = a.data<T>()[k] * masked<T>(dy, x, mean, mask, i, k) +
                        b.data<T>()[k] * (x.data<T>()[i] - mean.data<T>()[k]) + c.data<T>()[k];
    }
  });
}

}  // namespace ebb::kernels
