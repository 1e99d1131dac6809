#pragma once

#include "ebb/core/context.h"
#include "ebb/core/error.h"
#include "ebb/core/tensor.h"

namespace ebb::kernels {

// One class of many: x is (N, C, S) with any strides, target (N, S) int64 and contiguous. Positions whose target is
// `ignored` take no part. A target outside of [0, C) is an Error on the CPU and gives NaN on a GPU.

/// An Error where it is not.
inline void check_is_class(std::int64_t target, std::int64_t classes) {
  check(target >= 0 && target < classes, "target ", target, " is no class: expected one in [0, ", classes, ")");
}

/// y (N, S), contiguous: y[n, s] = x[n, target[n, s], s], and 0 where ignored
void pick(CpuContext&, const Tensor& x, const Tensor& target, std::int64_t ignored, Tensor& y);
void pick(CudaContext&, const Tensor& x, const Tensor& target, std::int64_t ignored, Tensor& y);

/// dx (N, C, S), contiguous: 0, but dx[n, target[n, s], s] = dy[n, s] (any strides) where not ignored
void put(CpuContext&, const Tensor& dy, const Tensor& target, std::int64_t ignored, Tensor& dx);
void put(CudaContext&, const Tensor& dy, const Tensor& target, std::int64_t ignored, Tensor& dx);

}  // namespace ebb::kernels
