#pragma once

/// Marks what both the CPU's and the GPU's kernels call. The one place that asks which compiler reads it, and for which
/// CPU. On the CPU it is always inlined, so that each instruction set has code of its own (kernels/cpu/this_isa.h).
#ifdef __CUDACC__
#define EBB_HOST_DEVICE __host__ __device__
#else
#define EBB_HOST_DEVICE [[gnu::always_inline]] inline
#endif

namespace ebb::kernels {

#ifdef __CUDACC__
constexpr bool has_gpu_code = true;
#else
constexpr bool has_gpu_code = false;
#endif

/// Whether the CPU multiplies and adds in one instruction.
#ifdef __FMA__
constexpr bool cpu_fuses = true;
#else
constexpr bool cpu_fuses = false;
#endif

}  // namespace ebb::kernels
