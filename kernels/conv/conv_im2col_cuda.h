#pragma once

#include "ebb/kernels/conv/conv_task_cuda.h"

namespace ebb::kernels {

// Convolutions on a GPU as products of matrices, see conv.h for what they compute: of the patches that the kernel reads
// (im2col), or of the images themselves where it is of one pixel.

/// Why they do not compute it; null where they do.
const char* im2col_refusal(const CudaConvTask& task);

void im2col_forward(const CudaConvTask& task);
void im2col_backward_input(const CudaConvTask& task);
void im2col_backward_weight(const CudaConvTask& task);

}  // namespace ebb::kernels
