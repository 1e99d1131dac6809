#pragma once

#include <cstdint>

#include "ebb/kernels/cpu/isa.h"

namespace ebb::kernels {

// The loops of batch norm over matrices (rows, channels) in C order.

/// mean and m2 += the rows' mean and squared deviations from it; both are 0 before.
template <Isa, class T>
void channel_stats(const T* x, std::int64_t rows, std::int64_t channels, T* mean, T* m2);
/// What rows become of: (x - mean) * scale + shift, and of that relu(it + residual) where these are wanted.
template <class T>
struct ChannelMap {
  const T *mean, *scale, *shift;
  bool relu;
};
/// `residual` (rows, channels) is null where there is none.
template <Isa, class T>
void channel_apply(const T* x, const T* residual, std::int64_t rows, std::int64_t channels, const ChannelMap<T>& map,
                   T* y);
/// The gradient below a ReLU of (x - mean) * scale + shift, which is computed again: dy, and 0 where that is at most 0.
/// Null where there is no ReLU.
template <class T>
struct ChannelMask {
  const T *scale = nullptr, *shift = nullptr;
};
/// s1 += dy, s2 += dy * (x - mean), with dy as the mask leaves it
template <Isa, class T>
void channel_sums(const T* dy, const T* x, std::int64_t rows, std::int64_t channels, const T* mean,
                  const ChannelMask<T>& mask, T* s1, T* s2);
/// dx = a * dy + b * (x - mean) + c, with dy as the mask leaves it
template <Isa, class T>
void channel_combine(const T* dy, const T* x, std::int64_t rows, std::int64_t channels, const T* mean,
                     const ChannelMask<T>& mask, const T* a, const T* b, const T* c, T* dx);

}  // namespace ebb::kernels
