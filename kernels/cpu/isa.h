#pragma once

#include <cstdint>

namespace ebb::kernels {

/// The instruction sets that CPU kernels are compiled for.
enum class Isa : std::uint8_t { sse2, avx2, avx512 };

/// The widest one that this CPU, and EBB_MAX_ISA (sse2, avx2 or avx512) in the environment, allow.
Isa isa();
const char* to_string(Isa isa);

/// The function for the widest set. It is declared once, as a template of the set, and defined in a file *_isa.cpp,
/// which the build compiles once for each set (see this_isa.h).
///
///     template <Isa, class T>
///     void scale_row(const T* x, std::int64_t count, T* y);
///     ...
///     const auto scale = best([]<Isa isa> { return scale_row<isa, T>; });
template <class Choose>
auto best(Choose choose) {
  switch (isa()) {
    case Isa::avx512:
      return choose.template operator()<Isa::avx512>();
    case Isa::avx2:
      return choose.template operator()<Isa::avx2>();
    default:
      return choose.template operator()<Isa::sse2>();
  }
}

}  // namespace ebb::kernels
