#include "ebb/kernels/cpu/wide.h"
#include "ebb/kernels/depthwise/depthwise.h"

namespace ebb::kernels {
namespace {

/// The pixels from `first` on, which read an element of x once for all of them.
template <int taps, int stride, class T>
void sum_pixels(const DepthwiseLine& line, std::span<const SeenRow<T>> rows, std::int64_t tap_step, std::int64_t first,
                T* y) {
  constexpr int together = DepthwiseLine::together;
  by_registers<T>(line.channels, [&](auto kind, std::int64_t c) {
    using Register = decltype(kind);
    typename Register::Vector sums[together]{};
    for (const SeenRow<T>& row : rows) {
      const T* x = row.x + first * stride * line.channels + c;
      typename Register::Vector factors[taps];
#pragma GCC unroll 5
      for (int j = 0; j < taps; ++j) factors[j] = Register::load(row.weight + j * tap_step + c);
#pragma GCC unroll 16
      for (int i = 0; i < (together - 1) * stride + taps; ++i) {
        const auto pixel = Register::load(x + i * line.channels);
#pragma GCC unroll 4
        for (int p = 0; p < together; ++p) {
          if (const int j = i - p * stride; j >= 0 && j < taps) sums[p] += pixel * factors[j];
        }
      }
    }
#pragma GCC unroll 4
    for (int p = 0; p < together; ++p) Register::store(sums[p], y + (first + p) * line.channels + c);
  });
}

/// Every other pixel has sums of its own, so that none waits for the one before.
template <int taps, int stride, class T>
void add_line_of(const DepthwiseLine& line, std::span<const SeenRow<T, T>> rows, const T* dy) {
  const std::int64_t channels = line.channels;
  for (const SeenRow<T, T>& row : rows) {
    by_registers<T>(channels, [&](auto kind, std::int64_t c) {
      using Register = decltype(kind);
      typename Register::Vector sums[2][taps]{};
      const auto add = [&](auto& to, std::int64_t pixel) {
        const T* x = row.x + pixel * stride * channels + c;
        const auto gradient = Register::load(dy + pixel * channels + c);
#pragma GCC unroll 5
        for (int j = 0; j < taps; ++j) to[j] += Register::load(x + j * channels) * gradient;
      };
      std::int64_t pixel = 0;
      for (; pixel + 2 <= line.pixels; pixel += 2) add(sums[0], pixel), add(sums[1], pixel + 1);
      if (pixel < line.pixels) add(sums[0], pixel);
#pragma GCC unroll 5
      for (int j = 0; j < taps; ++j) {
        T* to = row.weight + j * channels + c;
        Register::store(Register::load(to) + (sums[0][j] + sums[1][j]), to);
      }
    });
  }
}

/// Calls `body` with the taps of a row and the stride.
template <class Body>
void visit_line(const DepthwiseLine& line, Body&& body) {
  if (line.taps == 3) {
    line.stride == 1 ? body.template operator()<3, 1>() : body.template operator()<3, 2>();
  } else {
    line.stride == 1 ? body.template operator()<5, 1>() : body.template operator()<5, 2>();
  }
}

}  // namespace

template <Isa, class T>
void sum_taps(const T* x, const T* weight, const SeenPixel* seen, std::int64_t count, std::int64_t channels, T* y) {
  constexpr std::int64_t width = width_of<T>;
  std::int64_t c = 0;
  for (; c + 2 * width <= channels; c += 2 * width) {
    Vector<T> first{}, second{};
    for (std::int64_t i = 0; i < count; ++i) {
      const T *from = x + seen[i].element + c, *factors = weight + seen[i].tap * channels + c;
      first += load(from) * load(factors);
      second += load(from + width) * load(factors + width);
    }
    store(y + c, first);
    store(y + c + width, second);
  }
  for (; c < channels; ++c) {
    T sum = 0;
    for (std::int64_t i = 0; i < count; ++i) sum += x[seen[i].element + c] * weight[seen[i].tap * channels + c];
    y[c] = sum;
  }
}

template <Isa, class T>
void add_taps(const T* x, const T* dy, const SeenPixel* seen, std::int64_t count, std::int64_t channels, T* dweight) {
  constexpr std::int64_t width = width_of<T>;
  std::int64_t c = 0;
  for (; c + width <= channels; c += width) {
    const Vector<T> gradient = load(dy + c);
    for (std::int64_t i = 0; i < count; ++i) {
      T* to = dweight + seen[i].tap * channels + c;
      store(to, load(to) + load(x + seen[i].element + c) * gradient);
    }
  }
  for (; c < channels; ++c) {
    for (std::int64_t i = 0; i < count; ++i) dweight[seen[i].tap * channels + c] += x[seen[i].element + c] * dy[c];
  }
}

template <Isa, class T>
void sum_line(const DepthwiseLine& line, std::span<const SeenRow<T>> rows, std::int64_t tap_step, T* y) {
  visit_line(line, [&]<int taps, int stride> {
    for (std::int64_t pixel = 0; pixel < line.pixels; pixel += DepthwiseLine::together) {
      sum_pixels<taps, stride>(line, rows, tap_step, pixel, y);
    }
  });
}

template <Isa, class T>
void add_line(const DepthwiseLine& line, std::span<const SeenRow<T, T>> rows, const T* dy) {
  visit_line(line, [&]<int taps, int stride> { add_line_of<taps, stride>(line, rows, dy); });
}

template void sum_line<this_isa>(const DepthwiseLine&, std::span<const SeenRow<float>>, std::int64_t, float*);
template void add_line<this_isa>(const DepthwiseLine&, std::span<const SeenRow<float, float>>, const float*);
template void sum_taps<this_isa>(const float*, const float*, const SeenPixel*, std::int64_t, std::int64_t, float*);
template void sum_taps<this_isa>(const double*, const double*, const SeenPixel*, std::int64_t, std::int64_t, double*);
template void add_taps<this_isa>(const float*, const float*, const SeenPixel*, std::int64_t, std::int64_t, float*);
template void add_taps<this_isa>(const double*, const double*, const SeenPixel*, std::int64_t, std::int64_t, double*);

}  // namespace ebb::kernels
