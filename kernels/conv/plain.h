#pragma once

#include "ebb/kernels/conv/conv_task.h"
#include "ebb/kernels/conv/packed_weight.h"
#include "ebb/kernels/matmul/epilogue.h"

namespace ebb::kernels {

// Any convolution by the loops of its definition, on one thread: what the others are compared with. See conv.h.

void plain_forward(const ConvSizes& sizes, const Tensor& x, const PackedWeight& weight, const Epilogue& epilogue,
                   Tensor& y);
void plain_backward_input(const ConvSizes& sizes, const Tensor& dy, const PackedWeight& weight, const Tensor& shift,
                          Tensor& dx);
void plain_backward_weight(const ConvSizes& sizes, const Tensor& x, const Tensor& dy, Tensor& dweight);

}  // namespace ebb::kernels
