#include "ebb/kernels/conv/plain.h"

#include <algorithm>

#include "ebb/core/dispatch.h"

namespace ebb::kernels {
namespace {

/// Calls `body(element of y, element of x, element of weight)` for each product that the convolution adds up.
template <class Body>
void for_each_product(const ConvSizes& s, Body&& body) {
  const auto& g = s.geometry;
  const std::int64_t inputs = s.group_channels(), outputs = s.group_outputs();
  for (std::int64_t pixel = 0; pixel < s.images * s.pixels(); ++pixel) {
    const std::int64_t image = pixel / s.pixels(), at = pixel % s.pixels();
    for (std::int64_t tap = 0; tap < s.taps(); ++tap) {
      const std::int64_t row = at / s.out_width * g.stride[0] - g.padding[0] + tap / s.kernel_width * g.dilation[0];
      const std::int64_t column = at % s.out_width * g.stride[1] - g.padding[1] + tap % s.kernel_width * g.dilation[1];
      if (row < 0 || row >= s.height || column < 0 || column >= s.width) continue;
      const std::int64_t x = ((image * s.height + row) * s.width + column) * s.channels;
      for (std::int64_t o = 0; o < s.out_channels; ++o) {
        for (std::int64_t c = 0; c < inputs; ++c) {
          body(pixel * s.out_channels + o, x + o / outputs * inputs + c, (o * inputs + c) * s.taps() + tap);
        }
      }
    }
  }
}

}  // namespace

void plain_forward(const ConvSizes& s, const Tensor& x, const PackedWeight& weight, const Epilogue& epilogue,
                   Tensor& y) {
  visit_float(x.dtype(), [&]<class T>() {
    const T *from = x.data<T>(), *factors = weight.weight().data<T>();
    T* to = y.data<T>();
    std::fill_n(to, y.numel(), T(0));
    for_each_product(s, [=](std::int64_t i, std::int64_t k, std::int64_t w) { to[i] += from[k] * factors[w]; });
    const auto finish = best([]<Isa isa> { return finish_tile<isa, T>; });
    finish(elements_of<T>(epilogue), s.images * s.pixels(), s.out_channels, to, s.out_channels, to, s.out_channels);
  });
}

void plain_backward_input(const ConvSizes& s, const Tensor& dy, const PackedWeight& weight, const Tensor& shift,
                          Tensor& dx) {
  visit_float(dy.dtype(), [&]<class T>() {
    const T *from = dy.data<T>(), *factors = weight.weight().data<T>();
    T* to = dx.data<T>();
    std::fill_n(to, dx.numel(), T(0));
    for_each_product(s, [=](std::int64_t i, std::int64_t k, std::int64_t w) { to[k] += from[i] * factors[w]; });
    const auto finish = best([]<Isa isa> { return finish_tile<isa, T>; });
    finish(elements_of<T>({.shift = shift}), s.images * s.height * s.width, s.channels, to, s.channels, to, s.channels);
  });
}

void plain_backward_weight(const ConvSizes& s, const Tensor& x, const Tensor& dy, Tensor& dweight) {
  visit_float(x.dtype(), [&]<class T>() {
    const T *from = x.data<T>(), *gradient = dy.data<T>();
    T* to = dweight.data<T>();
    std::fill_n(to, dweight.numel(), T(0));
    for_each_product(s, [=](std::int64_t i, std::int64_t k, std::int64_t w) { to[w] += from[k] * gradient[i]; });
  });
}

}  // namespace ebb::kernels
