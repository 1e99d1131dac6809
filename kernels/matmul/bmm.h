#pragma once

#include "ebb/core/context.h"
#include "ebb/core/tensor.h"
#include "ebb/kernels/choice.h"
#include "ebb/kernels/matmul/epilogue.h"

namespace ebb::kernels {

/// y[i] = epilogue(a[i] b[i]) for each matrix of a batch: a is (batch, m, k), b is (batch, k, n), of any strides; y is
/// contiguous. A batch of one is how single matrices are multiplied. An epilogue takes floating elements.
void bmm(CpuContext&, const Tensor& a, const Tensor& b, const Epilogue&, Tensor& y);
void bmm(CudaContext&, const Tensor& a, const Tensor& b, const Epilogue&, Tensor& y);

/// What the choice of an implementation depends on; nothing in it is empty.
struct BmmTask {
  const Tensor &a, &b;
};

/// Which implementation a product gets: of "bmm" on the CPU "tiles", "eigen" or "plain", on a GPU "mma", "wgmma",
/// "cublas", "tiled" or "plain". The CPU multiplies half precision as float32.
Choice which_bmm(CpuContext&, const BmmTask& task);
Choice which_bmm(CudaContext&, const BmmTask& task);

}  // namespace ebb::kernels
