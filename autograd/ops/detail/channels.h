#pragma once

#include "ebb/core/tensor.h"

/// Inputs (N, C, ...) as batch norm sees them: an image in channels-last order, whose elements are rows of channels.
namespace ebb::ops {

/// x as such an image; (N, C) stays.
Tensor as_image(const Tensor& x);
/// Of an image, what x was.
Tensor with_shape(const Tensor& image, const Shape& shape);
/// The elements of an image as the kernels want them: (N H W, C). Not recorded.
Tensor rows_of(const Tensor& image);
std::int64_t count_per_channel(const Tensor& image);
/// In the type that the image is computed in.
Tensor empty_per_channel(const Tensor& image);
/// A tensor (C) so that it multiplies the channels of an image.
Tensor along_channels(const Tensor& t, const Tensor& image);
/// All dimensions but that of the channels.
Dims other_dims(const Tensor& image);

/// That x is (N, C, ...) and floating, and that these are (C), where they are defined.
struct ChannelTensors {
  const Tensor &running_mean, &running_var, &weight, &bias;
};
void check_channels(const Tensor& x, const ChannelTensors& tensors);
/// That a number of batches is a scalar (int64) beside x, where it is defined.
void check_batch_count(const Tensor& count, const Tensor& x);

}  // namespace ebb::ops
