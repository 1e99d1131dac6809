#pragma once

#include "ebb/core/context.h"
#include "ebb/kernels/conv/conv_task.h"
#include "ebb/kernels/conv/packed_weight.h"
#include "ebb/kernels/matmul/epilogue.h"

namespace ebb::kernels {

// Any convolution on a GPU, by the loops of its definition; see conv.h for what they compute.

void direct_forward(CudaContext&, const Tensor& x, const PackedWeight&, const Epilogue&, const ConvGeometry&,
                    Tensor& y);
void direct_backward_input(CudaContext&, const Tensor& dy, const PackedWeight&, const ConvGeometry&, Tensor& dx);
void direct_backward_weight(CudaContext&, const Tensor& x, const Tensor& dy, const ConvGeometry&, Tensor& dweight);

}  // namespace ebb::kernels
