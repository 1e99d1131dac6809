#pragma once

#include "ebb/kernels/conv/conv_task.h"
#include "ebb/kernels/conv/packed_weight.h"
#include "ebb/kernels/matmul/epilogue.h"

namespace ebb::kernels {

// Convolutions by output tiles of m x m pixels: with m = 2 of 3 x 3 and 5 x 5 kernels, with m = 4 of 3 x 3. See conv.h
// for what they compute, tiles.h for how. 3 x 3 with m = 2 is as exact as the sum of the definition; the errors of the
// others are about twice as large.

template <int m>
void winograd_forward(const ConvSizes& sizes, const Tensor& x, const PackedWeight& weight, const Epilogue& epilogue,
                      Tensor& y);
template <int m>
void winograd_backward_input(const ConvSizes& sizes, const Tensor& dy, const PackedWeight& weight, const Tensor& shift,
                             Tensor& dx);
template <int m>
void winograd_backward_weight(const ConvSizes& sizes, const Tensor& x, const Tensor& dy, Tensor& dweight);

/// Why a convolution cannot be computed so; null where it can.
template <int m>
const char* winograd_refusal(const ConvTask& task);

/// Cycles of one core, roughly, that the task takes by tiles of m x m pixels.
double winograd_cycles(const ConvTask& task, int m);

}  // namespace ebb::kernels
