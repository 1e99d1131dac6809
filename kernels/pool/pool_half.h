#pragma once

#include "ebb/kernels/half/in_float32.h"
#include "ebb/kernels/pool/pool.h"

namespace ebb::kernels {

// Half precision on the CPU, by way of float32.

[[gnu::cold]] inline void max_pool2d_of_half(CpuContext& context, const Tensor& x, const PoolGeometry& geometry,
                                             Tensor& y, Tensor& indices) {
  in_float32_by_slices(
      context, [&](const Tensor& from, Tensor& to, Tensor& at) { max_pool2d(context, from, geometry, to, at); }, x, y,
      indices);
}

[[gnu::cold]] inline void max_pool2d_backward_of_half(CpuContext& context, const Tensor& dy, const Tensor& indices,
                                                      const PoolGeometry& geometry, Tensor& dx) {
  in_float32_by_slices(
      context,
      [&](const Tensor& from, const Tensor& at, Tensor& to) { max_pool2d_backward(context, from, at, geometry, to); },
      dy, indices, dx);
}

[[gnu::cold]] inline void max_pool2d_gather_of_half(CpuContext& context, const Tensor& x, const Tensor& indices,
                                                    const PoolGeometry& geometry, Tensor& y) {
  in_float32_by_slices(
      context,
      [&](const Tensor& from, const Tensor& at, Tensor& to) { max_pool2d_gather(context, from, at, geometry, to); }, x,
      indices, y);
}

[[gnu::cold]] inline void avg_pool2d_of_half(CpuContext& context, const Tensor& x, const AveragePooling& pooling,
                                             Tensor& y) {
  in_float32_by_slices(
      context, [&](const Tensor& from, Tensor& to) { avg_pool2d(context, from, pooling, to); }, x, y);
}

[[gnu::cold]] inline void avg_pool2d_backward_of_half(CpuContext& context, const Tensor& dy,
                                                      const AveragePooling& pooling, Tensor& dx) {
  in_float32_by_slices(
      context, [&](const Tensor& from, Tensor& to) { avg_pool2d_backward(context, from, pooling, to); }, dy, dx);
}

}  // namespace ebb::kernels
