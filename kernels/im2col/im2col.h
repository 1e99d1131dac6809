#pragma once

#include "ebb/kernels/conv/conv_task.h"
#include "ebb/kernels/conv/packed_weight.h"
#include "ebb/kernels/gemm/tile_epilogue.h"
#include "ebb/kernels/matmul/epilogue.h"

namespace ebb::kernels {

// Any convolution as a product of matrices: see conv.h for what they compute.

void im2col_forward(const ConvSizes& sizes, const Tensor& x, const PackedWeight& weight, const Epilogue& epilogue,
                    Tensor& y);
bool im2col_overwrites_residual(const ConvSizes& sizes);
/// The product at its heart: y (N, H', W', O) of x (N, H, W, C) and the weight's panels, those of each group after the
/// other's. The sizes of y are as given: outside of x there are zeros.
template <class T>
void multiply_patches(const ConvSizes& sizes, const T* x, const T* panels, const TileEpilogue<T>& epilogue, T* y);
void im2col_backward_input(const ConvSizes& sizes, const Tensor& dy, const PackedWeight& weight, const Tensor& shift,
                           Tensor& dx);
void im2col_backward_weight(const ConvSizes& sizes, const Tensor& x, const Tensor& dy, Tensor& dweight);

}  // namespace ebb::kernels
