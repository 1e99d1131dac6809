#pragma once

#include "ebb/kernels/half/in_float32.h"
#include "ebb/kernels/resample/resample.h"

namespace ebb::kernels {

// Half precision, by way of float32, which the matrices are of.

template <class Context>
[[gnu::cold]] void resample_of_half(Context& context, const Tensor& x, const SparseRows& matrix, Tensor& y) {
  in_float32_by_slices(
      context, [&](const Tensor& from, Tensor& to) { resample(context, from, matrix, to); }, x, y);
}

template <class Context>
[[gnu::cold]] void resample_images_of_half(Context& context, const Tensor& x, const SparseRows& rows,
                                           const SparseRows& columns, Tensor& y) {
  in_float32_by_slices(
      context, [&](const Tensor& from, Tensor& to) { resample_images(context, from, rows, columns, to); }, x, y);
}

}  // namespace ebb::kernels
