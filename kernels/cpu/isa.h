#pragma once

#include <cstdint>

namespace ebb::kernels {

/// The instruction sets that CPU kernels are compiled for.
enum class Isa : std::uint8_t { sse2, avx2, avx512 };

/// The widest one that this CPU, and EBB_MAX_ISA (sse2, avx2 or avx512) in the environment, allow.
Isa isa();
const char* to_string(Isa isa);

}  // namespace ebb::kernels
