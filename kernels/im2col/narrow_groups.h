#pragma once

#include <cstdint>

#include "ebb/core/tensor.h"
#include "ebb/kernels/conv/conv_task.h"

namespace ebb::kernels {

/// The same convolution with fewer groups, some made one: their weight has zeros between them, which cost less than
/// columns of a panel that stay empty.
ConvSizes with_wide_groups(const ConvSizes& sizes);

/// The weight of `merged`, which with_wide_groups has made of `sizes`.
template <class T>
Tensor merged_weight(const ConvSizes& sizes, const ConvSizes& merged, const Tensor& weight);

/// The other way: what of `merged` is the weight of `sizes`.
template <class T>
void part_weight(const ConvSizes& sizes, const ConvSizes& merged, const Tensor& wide, Tensor& weight);

}  // namespace ebb::kernels
