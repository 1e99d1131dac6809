#pragma once

#include <span>
#include <type_traits>

#include "ebb/kernels/conv/conv_task.h"
#include "ebb/kernels/conv/packed_weight.h"
#include "ebb/kernels/matmul/epilogue.h"

namespace ebb::kernels {

// Convolutions of each channel by itself: as many groups as channels, one output each. See conv.h for what they
// compute. Little is multiplied here, so that they run at the speed of memory: all channels of a pixel at a time.

void depthwise_forward(const ConvSizes& sizes, const Tensor& x, const PackedWeight& weight, const Epilogue& epilogue,
                       Tensor& y);
void depthwise_backward_input(const ConvSizes& sizes, const Tensor& dy, const PackedWeight& weight, const Tensor& shift,
                              Tensor& dx);
void depthwise_backward_weight(const ConvSizes& sizes, const Tensor& x, const Tensor& dy, Tensor& dweight);

/// Why a convolution is none of these; null where it is one.
const char* depthwise_refusal(const ConvTask& task);

/// A pixel that a tap of the kernel sees.
struct SeenPixel {
  std::int64_t element, tap;  // of its first channel
};

/// y (channels) = the sum of x[element + c] weight[tap channels + c] over what is seen.
template <Isa, class T>
void sum_taps(const T* x, const T* weight, const SeenPixel* seen, std::int64_t count, std::int64_t channels, T* y);

/// dweight[tap channels + c] += x[element + c] dy[c] for all that is seen.
template <Isa, class T>
void add_taps(const T* x, const T* dy, const SeenPixel* seen, std::int64_t count, std::int64_t channels, T* dweight);

/// A row of pixels that a line sees: those of its first pixel's first tap on, and that tap's weights.
template <class T, class Weight = const T>
struct SeenRow {
  const T* x;
  Weight* weight;
};

/// Adjacent pixels of a line of floats, all of whose taps lie inside: 3 or 5 of a row, adjacent; x steps by 1 or 2
/// pixels.
struct DepthwiseLine {
  static constexpr int together = 4;  // pixels that sum_line() makes at a time

  std::int64_t pixels, channels, taps, stride;

  template <class T>
  static constexpr bool is_of = std::is_same_v<T, float>;
  template <class T>
  static bool takes(std::int64_t taps, std::int64_t stride) {
    return is_of<T> && (taps == 3 || taps == 5) && stride <= 2;
  }
};

/// y (pixels, channels) = the sums over all rows; the weights of a tap lie `tap_step` elements after those of the last.
/// As many pixels as a multiple of `together`.
template <Isa, class T>
void sum_line(const DepthwiseLine& line, std::span<const SeenRow<T>> rows, std::int64_t tap_step, T* y);

/// The weights (taps, channels) of each row += what dy (pixels, channels) says.
template <Isa, class T>
void add_line(const DepthwiseLine& line, std::span<const SeenRow<T, T>> rows, const T* dy);

}  // namespace ebb::kernels
