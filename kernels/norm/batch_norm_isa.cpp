#include "ebb/kernels/cpu/this_isa.h"
#include "ebb/kernels/norm/channel_loops.h"

namespace ebb::kernels {

template <Isa, class T>
void channel_stats(const T* x, std::int64_t rows, std::int64_t channels, T* __restrict mean, T* __restrict m2) {
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < channels; ++c) mean[c] += x[r * channels + c];
  }
  for (std::int64_t c = 0; c < channels; ++c) mean[c] /= static_cast<T>(rows);
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < channels; ++c) {
      const T deviation = x[r * channels + c] - mean[c];
      m2[c] += deviation * deviation;
    }
  }
}

namespace {

template <bool adds, bool relu, class T>
void apply_rows(const T* x, const T* residual, std::int64_t rows, std::int64_t channels, const ChannelMap<T>& map,
                T* __restrict y) {
  const T *mean = map.mean, *scale = map.scale, *shift = map.shift;
  for (std::int64_t r = 0; r < rows; ++r, x += channels, y += channels) {
    for (std::int64_t c = 0; c < channels; ++c) {
      T value = (x[c] - mean[c]) * scale[c] + shift[c];
      if constexpr (adds) value += residual[r * channels + c];
      y[c] = relu && value < T(0) ? T(0) : value;
    }
  }
}

}  // namespace

template <Isa, class T>
void channel_apply(const T* x, const T* residual, std::int64_t rows, std::int64_t channels, const ChannelMap<T>& map,
                   T* y) {
  const auto apply = residual != nullptr ? (map.relu ? apply_rows<true, true, T> : apply_rows<true, false, T>)
                                         : (map.relu ? apply_rows<false, true, T> : apply_rows<false, false, T>);
  apply(x, residual, rows, channels, map, y);
}

template <Isa, class T>
void channel_sums(const T* dy, const T* x, std::int64_t rows, std::int64_t channels, const T* mean, T* __restrict s1,
                  T* __restrict s2) {
  for (std::int64_t r = 0; r < rows; ++r, x += channels, dy += channels) {
    for (std::int64_t c = 0; c < channels; ++c) {
      s1[c] += dy[c];
      s2[c] += dy[c] * (x[c] - mean[c]);
    }
  }
}

template <Isa, class T>
void channel_combine(const T* dy, const T* x, std::int64_t rows, std::int64_t channels, const T* mean, const T* a,
                     const T* b, const T* c, T* __restrict dx) {
  for (std::int64_t r = 0; r < rows; ++r, x += channels, dy += channels, dx += channels) {
    for (std::int64_t i = 0; i < channels; ++i) dx[i] = a[i] * dy[i] + b[i] * (x[i] - mean[i]) + c[i];
  }
}

template void channel_stats<this_isa>(const float*, std::int64_t, std::int64_t, float*, float*);
template void channel_stats<this_isa>(const double*, std::int64_t, std::int64_t, double*, double*);
template void channel_apply<this_isa>(const float*, const float*, std::int64_t, std::int64_t, const ChannelMap<float>&,
                                      float*);
template void channel_apply<this_isa>(const double*, const double*, std::int64_t, std::int64_t,
                                      const ChannelMap<double>&, double*);
template void channel_sums<this_isa>(const float*, const float*, std::int64_t, std::int64_t, const float*, float*,
                                     float*);
template void channel_sums<this_isa>(const double*, const double*, std::int64_t, std::int64_t, const double*, double*,
                                     double*);
template void channel_combine<this_isa>(const float*, const float*, std::int64_t, std::int64_t, const float*,
                                        const float*, const float*, const float*, float*);
template void channel_combine<this_isa>(const double*, const double*, std::int64_t, std::int64_t, const double*,
                                        const double*, const double*, const double*, double*);

}  // namespace ebb::kernels
