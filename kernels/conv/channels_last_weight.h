#pragma once

#include <functional>

#include "ebb/kernels/conv/conv_task_cuda.h"

namespace ebb::kernels {

// Weights (O, C / groups, kh, kw) in the layout of images, (O, kh, kw, C / groups), on a GPU.

/// Whether a contiguous weight lies so anyway.
bool lies_channels_last(const ConvSizes& sizes);

/// Without values.
Tensor empty_channels_last_weight(const Tensor& like);

/// The task's weight, converted where that is needed, and kept until it changes.
Tensor channels_last_weight(const CudaConvTask& task);

/// `make` writes a weight of that layout, and the task's gets its values.
void make_channels_last_weight(const CudaConvTask& task, const std::function<void(Tensor& made)>& make);

}  // namespace ebb::kernels
