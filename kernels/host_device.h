#pragma once

/// Marks what both the CPU's and the GPU's kernels call. The one place that asks which compiler reads it.
#ifdef __CUDACC__
#define EBB_HOST_DEVICE __host__ __device__
#else
#define EBB_HOST_DEVICE
#endif
