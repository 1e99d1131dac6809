#include <limits>

#include "ebb/kernels/cpu/this_isa.h"
#include "ebb/kernels/norm/channel_loops.h"

namespace ebb::kernels {
namespace {

constexpr std::int64_t long_row = 256;

/// Short rows are taken several at a time, as one of about `long_row` elements.
struct RowsAtOnce {
  [[gnu::always_inline]] RowsAtOnce(std::int64_t rows, std::int64_t channels)
      : channels(channels),
        at_once(channels > long_row / 2 ? 1 : long_row / channels),
        length(channels * at_once),
        elements(channels * rows) {}

  /// Calls `body(first element, count)` for each.
  template <class Body>
  [[gnu::always_inline]] void for_each(const Body& body) const {
    for (std::int64_t i = 0; i < elements; i += length) body(i, i + length < elements ? length : elements - i);
  }

  std::int64_t channels, at_once, length, elements;
};

/// What each channel has, for rows that are taken at once.
template <class T>
class Repeated {
 public:
  [[gnu::always_inline]] Repeated(const T* values, const RowsAtOnce& rows) : values_(values) {
    if (rows.at_once == 1) return;
    for (std::int64_t i = 0; i < rows.length; i += rows.channels) {
      for (std::int64_t c = 0; c < rows.channels; ++c) room_[i + c] = values[c];
    }
    values_ = room_;
  }
  Repeated(const Repeated&) = delete;

  [[gnu::always_inline]] const T* get() const { return values_; }

 private:
  T room_[long_row];
  const T* values_;
};

/// Sums of channels, over rows that are taken at once.
template <class T>
class Sums {
 public:
  [[gnu::always_inline]] Sums(T* sums, const RowsAtOnce& rows) : rows_(rows), sums_(sums) {
    if (rows.at_once == 1) return;
    for (T& sum : room_) sum = 0;
  }
  Sums(const Sums&) = delete;

  [[gnu::always_inline]] T* get() { return rows_.at_once == 1 ? sums_ : room_; }
  [[gnu::always_inline]] void finish() {
    if (rows_.at_once == 1) return;
    for (std::int64_t i = 0; i < rows_.length; i += rows_.channels) {
      for (std::int64_t c = 0; c < rows_.channels; ++c) sums_[c] += room_[i + c];
    }
  }

 private:
  const RowsAtOnce& rows_;
  T room_[long_row];
  T* sums_;
};

// The loops along one row. What they write overlaps nothing.

template <class T>
[[gnu::always_inline]] inline void add_elements(const T* x, std::int64_t count, T* __restrict sums) {
  for (std::int64_t i = 0; i < count; ++i) sums[i] += x[i];
}

template <class T>
[[gnu::always_inline]] inline void add_squares(const T* x, const T* mean, std::int64_t count, T* __restrict sums) {
  for (std::int64_t i = 0; i < count; ++i) sums[i] += (x[i] - mean[i]) * (x[i] - mean[i]);
}

/// `residual` is read where `adds`; what is less than `least` becomes that.
template <bool adds, class T>
[[gnu::always_inline]] inline void map_elements(const T* x, const T* residual, const ChannelMap<T>& map, T least,
                                                std::int64_t count, T* __restrict y) {
  const T *mean = map.mean, *scale = map.scale, *shift = map.shift;
  for (std::int64_t i = 0; i < count; ++i) {
    T value = (x[i] - mean[i]) * scale[i] + shift[i];
    if constexpr (adds) value += residual[i];
    y[i] = value < least ? least : value;
  }
}

template <bool masks, class T>
[[gnu::always_inline]] inline T masked(T dy, T deviation, const ChannelMask<T>& mask, std::int64_t i) {
  if constexpr (!masks) return dy;
  return deviation * mask.scale[i] + mask.shift[i] <= T(0) ? T(0) : dy;  // past NaN the gradient passes
}

template <bool masks, class T>
[[gnu::always_inline]] inline void add_products(const T* dy, const T* x, const T* mean, const ChannelMask<T>& mask,
                                                std::int64_t count, T* __restrict s1, T* __restrict s2) {
  for (std::int64_t i = 0; i < count; ++i) {
    const T deviation = x[i] - mean[i], gradient = masked<masks>(dy[i], deviation, mask, i);
    s1[i] += gradient;
    s2[i] += gradient * deviation;
  }
}

template <bool masks, class T>
[[gnu::always_inline]] inline void combine_gradients(const T* dy, const T* x, const T* mean, const ChannelMask<T>& mask,
                                                     const T* a, const T* b, const T* c, std::int64_t count,
                                                     T* __restrict dx) {
  for (std::int64_t i = 0; i < count; ++i) {
    const T deviation = x[i] - mean[i];
    dx[i] = a[i] * masked<masks>(dy[i], deviation, mask, i) + b[i] * deviation + c[i];
  }
}

template <bool adds, class T>
void apply_rows(const T* x, const T* residual, const RowsAtOnce& rows, const ChannelMap<T>& map, T* y) {
  const Repeated<T> means(map.mean, rows), scales(map.scale, rows), shifts(map.shift, rows);
  const ChannelMap<T> of_row{means.get(), scales.get(), shifts.get(), map.relu};
  const T least = map.relu ? T(0) : -std::numeric_limits<T>::infinity();
  rows.for_each([&](std::int64_t i, std::int64_t count) {
    map_elements<adds>(x + i, adds ? residual + i : nullptr, of_row, least, count, y + i);
  });
}

template <bool masks, class T>
void sum_rows(const T* dy, const T* x, const RowsAtOnce& rows, const T* mean, const ChannelMask<T>& mask, T* s1,
              T* s2) {
  const Repeated<T> means(mean, rows), scales(masks ? mask.scale : mean, rows), shifts(masks ? mask.shift : mean, rows);
  Sums<T> sums(s1, rows), products(s2, rows);
  rows.for_each([=, middle = means.get(), of_row = ChannelMask<T>{scales.get(), shifts.get()}, to1 = sums.get(),
                 to2 = products.get()](std::int64_t i, std::int64_t n) {
    add_products<masks>(dy + i, x + i, middle, of_row, n, to1, to2);
  });
  sums.finish();
  products.finish();
}

template <bool masks, class T>
void combine_rows_of(const T* dy, const T* x, const RowsAtOnce& rows, const T* mean, const ChannelMask<T>& mask,
                     const T* a, const T* b, const T* c, T* dx) {
  const Repeated<T> means(mean, rows), of_dy(a, rows), of_x(b, rows), constants(c, rows);
  const Repeated<T> scales(masks ? mask.scale : mean, rows), shifts(masks ? mask.shift : mean, rows);
  rows.for_each([=, middle = means.get(), of_row = ChannelMask<T>{scales.get(), shifts.get()}, p = of_dy.get(),
                 q = of_x.get(), r = constants.get()](std::int64_t i, std::int64_t n) {
    combine_gradients<masks>(dy + i, x + i, middle, of_row, p, q, r, n, dx + i);
  });
}

}  // namespace

template <Isa, class T>
void channel_stats(const T* x, std::int64_t count, std::int64_t channels, T* mean, T* m2) {
  const RowsAtOnce rows(count, channels);
  Sums<T> sums(mean, rows), squares(m2, rows);
  rows.for_each([x, to = sums.get()](std::int64_t i, std::int64_t n) { add_elements(x + i, n, to); });
  sums.finish();
  for (std::int64_t c = 0; c < channels; ++c) mean[c] /= static_cast<T>(count);
  const Repeated<T> means(mean, rows);
  rows.for_each([x, middle = means.get(), to = squares.get()](std::int64_t i, std::int64_t n) {
    add_squares(x + i, middle, n, to);
  });
  squares.finish();
}

template <Isa, class T>
void channel_apply(const T* x, const T* residual, std::int64_t rows, std::int64_t channels, const ChannelMap<T>& map,
                   T* y) {
  const auto apply = residual != nullptr ? apply_rows<true, T> : apply_rows<false, T>;
  apply(x, residual, RowsAtOnce(rows, channels), map, y);
}

template <Isa, class T>
void channel_sums(const T* dy, const T* x, std::int64_t rows, std::int64_t channels, const T* mean,
                  const ChannelMask<T>& mask, T* s1, T* s2) {
  const auto sum = mask.scale != nullptr ? sum_rows<true, T> : sum_rows<false, T>;
  sum(dy, x, RowsAtOnce(rows, channels), mean, mask, s1, s2);
}

template <Isa, class T>
void channel_combine(const T* dy, const T* x, std::int64_t rows, std::int64_t channels, const T* mean,
                     const ChannelMask<T>& mask, const T* a, const T* b, const T* c, T* dx) {
  const auto combine = mask.scale != nullptr ? combine_rows_of<true, T> : combine_rows_of<false, T>;
  combine(dy, x, RowsAtOnce(rows, channels), mean, mask, a, b, c, dx);
}

template void channel_stats<this_isa>(const float*, std::int64_t, std::int64_t, float*, float*);
template void channel_stats<this_isa>(const double*, std::int64_t, std::int64_t, double*, double*);
template void channel_apply<this_isa>(const float*, const float*, std::int64_t, std::int64_t, const ChannelMap<float>&,
                                      float*);
template void channel_apply<this_isa>(const double*, const double*, std::int64_t, std::int64_t,
                                      const ChannelMap<double>&, double*);
template void channel_sums<this_isa>(const float*, const float*, std::int64_t, std::int64_t, const float*,
                                     const ChannelMask<float>&, float*, float*);
template void channel_sums<this_isa>(const double*, const double*, std::int64_t, std::int64_t, const double*,
                                     const ChannelMask<double>&, double*, double*);
template void channel_combine<this_isa>(const float*, const float*, std::int64_t, std::int64_t, const float*,
                                        const ChannelMask<float>&, const float*, const float*, const float*, float*);
template void channel_combine<this_isa>(const double*, const double*, std::int64_t, std::int64_t, const double*,
                                        const ChannelMask<double>&, const double*, const double*, const double*,
                                        double*);

}  // namespace ebb::kernels
