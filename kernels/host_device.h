#pragma once

/// Marks what both the CPU's and the GPU's kernels call. Only this file and elementwise/real_math.h ask which compiler
/// reads them. On the CPU it is always inlined, so that each instruction set has code of its own
/// (kernels/cpu/this_isa.h).
#ifdef __CUDACC__
#define EBB_HOST_DEVICE __host__ __device__
#else
#define EBB_HOST_DEVICE [[gnu::always_inline]] inline
#endif
