#pragma once

#include "ebb/kernels/conv/conv_task.h"
#include "ebb/kernels/conv/packed_weight.h"

namespace ebb::kernels {

/// Whether the phases of a gradient of few channels, which would leave most of a panel empty, are made as one: one
/// convolution over dy without strides makes all of the pixels that lie between two of its outputs, side by side.
template <class T>
bool merges_phases(const ConvSizes& sizes);

/// The gradient of the input that way; `shift` as in conv2d_backward_input.
template <class T>
void merged_backward_input(const ConvSizes& sizes, const Tensor& dy, const PackedWeight& weight, const Tensor& shift,
                           Tensor& dx);

}  // namespace ebb::kernels
