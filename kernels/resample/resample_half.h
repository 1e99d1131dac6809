#pragma once

#include "ebb/kernels/half/in_float32.h"
#include "ebb/kernels/resample/resample.h"

namespace ebb::kernels {

// Half precision on the CPU, by way of float32, which the matrices are of.

[[gnu::cold]] inline void resample_of_half(CpuContext& context, const Tensor& x, const SparseRows& matrix, Tensor& y) {
  in_float32_by_slices(
      context, [&](const Tensor& from, Tensor& to) { resample(context, from, matrix, to); }, x, y);
}

[[gnu::cold]] inline void resample_images_of_half(CpuContext& context, const Tensor& x, const SparseRows& rows,
                                                  const SparseRows& columns, Tensor& y) {
  in_float32_by_slices(
      context, [&](const Tensor& from, Tensor& to) { resample_images(context, from, rows, columns, to); }, x, y);
}

}  // namespace ebb::kernels
