#pragma once

#include "ebb/core/context.h"
#include "ebb/kernels/conv/conv_task_cuda.h"

namespace ebb::kernels {

// Any convolution on a GPU, by the loops of its definition; see conv.h for what they compute.

void direct_forward(CudaContext&, const Tensor& x, const PackedWeight&, const Epilogue&, const ConvGeometry&,
                    Tensor& y);
void direct_backward_input(CudaContext&, const Tensor& dy, const PackedWeight&, const ConvGeometry&, Tensor& dx);
void direct_backward_weight(CudaContext&, const Tensor& x, const Tensor& dy, const ConvGeometry&, Tensor& dweight);

// Convolutions on a GPU as products of matrices, see conv.h for what they compute: of the patches that the kernel reads
// (im2col), or of the images themselves where it is of one pixel.

/// Why they do not compute it; null where they do.
const char* im2col_refusal(const CudaConvTask& task);

void im2col_forward(const CudaConvTask& task);
void im2col_backward_input(const CudaConvTask& task);
void im2col_backward_weight(const CudaConvTask& task);

}  // namespace ebb::kernels
