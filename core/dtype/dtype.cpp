#include "ebb/core/dtype/dtype.h"

#include <algorithm>
#include <array>
#include <ostream>

#include "ebb/core/error.h"

namespace ebb {
/// In the order of the enumerators.
static constexpr std::array<const char*, dtype_count> names{
    "bool",      "uint8",         "int32",       "int64",           "float16",         "bfloat16",
    "float32",   "float64",       "int8",        "int16",           "uint16",          "uint32",
    "uint64",    "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz", "complex64",
    "complex128"};

// The enumerators that compute stand in order of promotion, but for the two half types, which meet in float32.
DType promote(DType a, DType b) {
  const DType last = std::max(a, b);
  check(a == b || !is_storage_only(last), "does not compute in ", last,
        ", which only stores; convert first: ", "x.to(kFloat32)");
  const bool two_halves = a != b && std::min(a, b) == kFloat16 && last == kBFloat16;
  return two_halves ? kFloat32 : last;
}

const char* to_string(DType dtype) { return names[static_cast<std::size_t>(dtype)]; }

std::ostream& operator<<(std::ostream& out, DType dtype) { return out << to_string(dtype); }

}  // namespace ebb
