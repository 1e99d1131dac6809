#pragma once

#include "ebb/kernels/conv/conv_task.h"
#include "ebb/kernels/conv/packed_weight.h"

namespace ebb::kernels {

/// The gradient of an image of few channels, which would leave most of a panel empty, a block of pixels at a time: one
/// convolution over dy makes all channels of all of its pixels, side by side. `shift` as in conv2d_backward_input.
/// False, and nothing is done, where that costs no less.
template <class T>
bool backward_input_by_blocks(const ConvSizes& sizes, const Tensor& dy, const PackedWeight& weight, const Tensor& shift,
                              Tensor& dx);

}  // namespace ebb::kernels
