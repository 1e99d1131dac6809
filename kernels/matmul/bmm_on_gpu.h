#pragma once

#include "ebb/core/context.h"
#include "ebb/core/tensor.h"
#include "ebb/kernels/matmul/epilogue.h"

namespace ebb::kernels {

// The products on a GPU, of what is not empty; see bmm.h for what they compute.

/// By tensor cores. Of float: backends::cuda.matmul.allow_tf32 says whether as TF32, or as precisely as of float32. Of
/// half precision: bmm_mma_half, with sums of float32, rounded once after the epilogue.
void bmm_mma(CudaContext&, const Tensor& a, const Tensor& b, const Epilogue& epilogue, Tensor& y);
void bmm_mma_half(CudaContext&, const Tensor& a, const Tensor& b, const Epilogue& epilogue, Tensor& y);

/// By Hopper's tensor cores, on compute capability 9.0 only: of float as precisely as of float32, of half precision as
/// bmm_mma.
void bmm_wgmma(CudaContext&, const Tensor& a, const Tensor& b, const Epilogue& epilogue, Tensor& y);
void bmm_wgmma_half(CudaContext&, const Tensor& a, const Tensor& b, const Epilogue& epilogue, Tensor& y);

/// The same of half precision by larger tiles, which TMA copies. `why_no_tensor_maps`: null where it can.
void bmm_wgmma_tma(CudaContext&, const Tensor& a, const Tensor& b, const Epilogue& epilogue, Tensor& y);
const char* why_no_tensor_maps(const Tensor& a, const Tensor& b);

/// How long they take, of floats with the precision of float32, in units that they share.
double mma_cost(const CudaContext&, const Tensor& a, const Tensor& b);
double mma_half_cost(const CudaContext&, const Tensor& a, const Tensor& b);
double wgmma_cost(const CudaContext&, const Tensor& a, const Tensor& b);
double wgmma_half_cost(const CudaContext&, const Tensor& a, const Tensor& b);

// Those that follow leave the epilogue to finish_product.

/// By ebb's own tiles, of float or double.
void bmm_tiled(CudaContext&, const Tensor& a, const Tensor& b, Tensor& y);

/// Of any dtype, one thread per result.
void bmm_plain(CudaContext&, const Tensor& a, const Tensor& b, Tensor& y);

/// By cuBLAS, of a single matrix. `blas_takes`: whether the layouts are those that it knows. `why_no_blas`: null where
/// its library is there.
void bmm_cublas(CudaContext&, const Tensor& a, const Tensor& b, Tensor& y);
bool blas_takes(const Tensor& a, const Tensor& b);
const char* why_no_blas();

/// y = epilogue(y), in a launch of its own; y is contiguous, of any floating dtype of 16 bits or more.
void finish_product(CudaContext&, const Epilogue& epilogue, Tensor& y);

}  // namespace ebb::kernels
