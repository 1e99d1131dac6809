#pragma once

#include "ebb/kernels/conv/conv_task.h"
#include "ebb/kernels/conv/packed_weight.h"
#include "ebb/kernels/matmul/epilogue.h"

namespace ebb::kernels {

// Convolutions by output tiles of m x m pixels, m being 2 or 4: see conv.h for what they compute, tiles.h for how.
// With m = 2 they are as exact as the sum of the definition; with m = 4 errors are about twice as large.

template <int m>
void winograd_forward(const ConvSizes& sizes, const Tensor& x, const PackedWeight& weight, const Epilogue& epilogue,
                      Tensor& y);
template <int m>
void winograd_backward_input(const ConvSizes& sizes, const Tensor& dy, const PackedWeight& weight, Tensor& dx);
template <int m>
void winograd_backward_weight(const ConvSizes& sizes, const Tensor& x, const Tensor& dy, Tensor& dweight);

/// Why a convolution cannot be computed so; null where it can.
const char* winograd_refusal(const ConvTask& task);

/// Cycles of one core, roughly, that the task takes by tiles of m x m pixels.
double winograd_cycles(const ConvTask& task, int m);

}  // namespace ebb::kernels
