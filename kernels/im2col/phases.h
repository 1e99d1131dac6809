#pragma once

#include <cstdint>
#include <vector>

#include "ebb/kernels/conv/conv_task.h"

namespace ebb::kernels {

/// Along one dimension, the input pixels `first`, `first` + stride ...: the kernel's taps that reach them are tap
/// `last_tap` and those `tap_step` before it, which see outputs side by side (or `dilation` apart).
struct Phase {
  std::int64_t first, count;              // input pixels
  std::int64_t last_tap, tap_step, taps;  // taps is 0 where none reaches them
  std::int64_t padding, dilation;         // of the convolution over dy that makes them
};

/// A phase of the rows and one of the columns, and where their panels begin; of no elements where no tap reaches them.
struct PhasePair {
  Phase vertical, horizontal;
  std::int64_t begin, per_group;  // elements
};

/// All that a convolution's strides have.
template <class T>
std::vector<PhasePair> phases_of(const ConvSizes& sizes);

/// The convolution over dy that makes the input pixels of two phases.
ConvSizes sizes_of(const ConvSizes& sizes, const Phase& vertical, const Phase& horizontal);

}  // namespace ebb::kernels
