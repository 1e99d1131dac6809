#include "ebb/core/dtype/dtype.h"

#include <algorithm>
#include <array>
#include <ostream>

#include "ebb/core/error.h"

namespace ebb {
namespace {

struct Traits {
  const char* name;
  std::size_t size;
};

/// In the order of the enumerators.
constexpr std::array<Traits, dtype_count> all_traits{{{"bool", 1},
                                                      {"uint8", 1},
                                                      {"int32", 4},
                                                      {"int64", 8},
                                                      {"float16", 2},
                                                      {"bfloat16", 2},
                                                      {"float32", 4},
                                                      {"float64", 8},
                                                      {"int8", 1},
                                                      {"int16", 2},
                                                      {"uint16", 2},
                                                      {"uint32", 4},
                                                      {"uint64", 8},
                                                      {"float8_e4m3fn", 1},
                                                      {"float8_e5m2", 1},
                                                      {"float8_e4m3fnuz", 1},
                                                      {"float8_e5m2fnuz", 1},
                                                      {"complex64", 8},
                                                      {"complex128", 16}}};

constexpr Traits traits_of(DType dtype) { return all_traits[static_cast<std::size_t>(dtype)]; }

constexpr bool is_between(DType first, DType dtype, DType last) { return first <= dtype && dtype <= last; }

}  // namespace

std::size_t size_of(DType dtype) { return traits_of(dtype).size; }

bool is_floating(DType dtype) {
  return is_between(kFloat16, dtype, kFloat64) || is_between(kFloat8E4M3FN, dtype, kFloat8E5M2FNUZ);
}

bool is_complex(DType dtype) { return dtype >= kComplex64; }

bool is_half_precision(DType dtype) { return dtype == kFloat16 || dtype == kBFloat16; }

DType opmath_type(DType dtype) { return is_half_precision(dtype) ? kFloat32 : dtype; }

bool is_storage_only(DType dtype) { return dtype >= kInt8; }

// The enumerators that compute stand in order of promotion, but for the two half types, which meet in float32.
DType promote(DType a, DType b) {
  const DType last = std::max(a, b);
  check(a == b || !is_storage_only(last), "does not compute in ", last,
        ", which only stores; convert first: ", "x.to(kFloat32)");
  const bool two_halves = a != b && std::min(a, b) == kFloat16 && last == kBFloat16;
  return two_halves ? kFloat32 : last;
}

const char* to_string(DType dtype) { return traits_of(dtype).name; }

std::ostream& operator<<(std::ostream& out, DType dtype) { return out << to_string(dtype); }

}  // namespace ebb
