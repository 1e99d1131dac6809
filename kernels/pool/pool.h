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

// All tensors are (N, C, H, W) and lie channels-last. `indices`, of the shape of y, tell which element of its window
// was chosen, by their dtype: int64 holds ih * W + iw, and -1 where a window lies wholly in the padding; uint8, for
// windows of at most 255 elements, holds r * kernel_width + q, the element's number within the window, and 255.

/// The narrowest dtype of indices: what they take is read and written with y.
inline DType narrowest_index(const PoolGeometry& g) {
  return g.kernel[0] <= 255 && g.kernel[1] <= 255 && g.kernel[0] * g.kernel[1] <= 255 ? kUInt8 : kInt64;
}

/// y = the greatest element of each window, outside of x -infinity: the first in row-major order, or the last NaN, as
/// in PyTorch. On the CPU `indices` may be undefined.
void max_pool2d(CpuContext&, const Tensor& x, const PoolGeometry&, Tensor& y, Tensor& indices);
void max_pool2d(CudaContext&, const Tensor& x, const PoolGeometry&, Tensor& y, Tensor& indices);

/// dx = 0, and each element of dy added where its index says. Deterministic.
void max_pool2d_backward(CpuContext&, const Tensor& dy, const Tensor& indices, const PoolGeometry&, Tensor& dx);
void max_pool2d_backward(CudaContext&, const Tensor& dy, const Tensor& indices, const PoolGeometry&, Tensor& dx);

/// y = the elements of x at `indices` (of the shape of y), 0 where they tell none.
void max_pool2d_gather(CpuContext&, const Tensor& x, const Tensor& indices, const PoolGeometry&, Tensor& y);
void max_pool2d_gather(CudaContext&, const Tensor& x, const Tensor& indices, const PoolGeometry&, Tensor& y);

/// How windows are averaged; the entries of each pair are for height and width.
struct AveragePooling {
  /// The windows share x evenly, from floor(i H / OH) up to ceil((i + 1) H / OH); what follows says nothing.
  bool is_adaptive = false;
  std::array<std::int64_t, 2> kernel{}, stride{}, padding{};
  bool count_include_pad = true;
  double divisor = 0;  ///< of each window's sum; 0: the number of its elements
};

/// y = the mean of each window, or its sum over a divisor.
void avg_pool2d(CpuContext&, const Tensor& x, const AveragePooling&, Tensor& y);
void avg_pool2d(CudaContext&, const Tensor& x, const AveragePooling&, Tensor& y);

/// dx = for each element the sum of dy over their divisors, of the windows that it lies in. Deterministic.
void avg_pool2d_backward(CpuContext&, const Tensor& dy, const AveragePooling&, Tensor& dx);
void avg_pool2d_backward(CudaContext&, const Tensor& dy, const AveragePooling&, Tensor& dx);

/// What the choice of an implementation depends on.
struct PoolTask {
  const Tensor &x, &y;
  const PoolGeometry& geometry;
};

/// Which implementation a pooling gets: of "max_pool2d" on the CPU "windows" or "plain", on a GPU "own".
Choice which_max_pool2d(CpuContext&, const PoolTask& task);
Choice which_max_pool2d(CudaContext&, const PoolTask& task);

}  // namespace ebb::kernels
