#pragma once

#include "ebb/instruction_sets.h"

namespace ebb::kernels {

/// The widest that is compiled, and that this CPU, and EBB_MAX_ISA (sse2, avx2 or avx512) in the environment, allow.
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
  const Isa chosen = isa();
  if constexpr (widest_compiled == Isa::avx512) {
    if (chosen == Isa::avx512) return choose.template operator()<Isa::avx512>();
  }
  return chosen == Isa::avx2 ? choose.template operator()<Isa::avx2>() : choose.template operator()<Isa::sse2>();
}

}  // namespace ebb::kernels
