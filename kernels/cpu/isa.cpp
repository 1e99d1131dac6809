#include "ebb/kernels/cpu/isa.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

#include <cpuid.h>

#include "ebb/core/error.h"

namespace ebb::kernels {

static constexpr std::array all{Isa::sse2, Isa::avx2, Isa::avx512};

/// Conversions between float and half precision, which clang's __builtin_cpu_supports does not know.
static bool supports_f16c() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;
}

static Isa of_this_cpu() {
  const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && supports_f16c();
  const bool has_avx512 = has_avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                          __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
  return has_avx512 ? Isa::avx512 : has_avx2 ? Isa::avx2 : Isa::sse2;
}

static Isa limit_from_environment() {
  const char* wanted = std::getenv("EBB_MAX_ISA");
  if (wanted == nullptr) return Isa::avx512;
  const auto* found = std::ranges::find_if(all, [&](Isa i) { return std::string_view(wanted) == to_string(i); });
  check(found != all.end(), "EBB_MAX_ISA must be sse2, avx2 or avx512, got ", wanted);
  return *found;
}

const char* to_string(Isa isa) { return isa == Isa::avx512 ? "avx512" : isa == Isa::avx2 ? "avx2" : "sse2"; }

[[gnu::noinline]] static Isa chosen_once() {
  return std::min({of_this_cpu(), limit_from_environment(), widest_compiled});
}

Isa isa() {
  static const Isa chosen = chosen_once();
  return chosen;
}

}  // namespace ebb::kernels
