#pragma once

#include <array>

#include "ebb/core/context.h"
#include "ebb/core/tensor.h"
#include "ebb/kernels/choice.h"

namespace ebb::kernels {

/// Of a 2-D pooling window; the entries of each pair are for height and width.
struct PoolGeometry {
  std::array<std::int64_t, 2> kernel, stride, padding, dilation;
};

// All tensors are (N, C, H, W) and lie channels-last. `indices` (int64, the shape of y) hold ih * W + iw of the
// element of x that was chosen, -1 where a window lies wholly in the padding.

/// y = the greatest element of each window, outside of x -infinity: the first in row-major order, or the last NaN, as
/// in PyTorch.
void max_pool2d(CpuContext&, const Tensor& x, const PoolGeometry&, Tensor& y, Tensor& indices);
void max_pool2d(CudaContext&, const Tensor& x, const PoolGeometry&, Tensor& y, Tensor& indices);

/// dx = 0, and each element of dy added where its index says. Deterministic.
void max_pool2d_backward(CpuContext&, const Tensor& dy, const Tensor& indices, const PoolGeometry&, Tensor& dx);
void max_pool2d_backward(CudaContext&, const Tensor& dy, const Tensor& indices, const PoolGeometry&, Tensor& dx);

/// y = the elements of x at `indices` (of the shape of y), 0 at -1.
void max_pool2d_gather(CpuContext&, const Tensor& x, const Tensor& indices, Tensor& y);
void max_pool2d_gather(CudaContext&, const Tensor& x, const Tensor& indices, Tensor& y);

/// What the choice of an implementation depends on.
struct PoolTask {
  const Tensor &x, &y;
  const PoolGeometry& geometry;
};

/// Which implementation a pooling gets: of "max_pool2d" on the CPU "windows" or "plain", on a GPU "own".
Choice which_max_pool2d(CpuContext&, const PoolTask& task);
Choice which_max_pool2d(CudaContext&, const PoolTask& task);

}  // namespace ebb::kernels
