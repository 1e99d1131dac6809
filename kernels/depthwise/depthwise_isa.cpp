#include "ebb/kernels/cpu/vectors.h"
#include "ebb/kernels/depthwise/depthwise.h"

namespace ebb::kernels {

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

template void sum_taps<this_isa>(const float*, const float*, const SeenPixel*, std::int64_t, std::int64_t, float*);
template void sum_taps<this_isa>(const double*, const double*, const SeenPixel*, std::int64_t, std::int64_t, double*);
template void add_taps<this_isa>(const float*, const float*, const SeenPixel*, std::int64_t, std::int64_t, float*);
template void add_taps<this_isa>(const double*, const double*, const SeenPixel*, std::int64_t, std::int64_t, double*);

}  // namespace ebb::kernels
