#include "ebb/core/dtype.h"

#include <algorithm>

namespace ebb {

std::size_t size_of(DType dtype) {
  switch (dtype) {
    case DType::boolean:
    case DType::uint8:
      return 1;
    case DType::float16:
    case DType::bfloat16:
      return 2;
    case DType::int32:
    case DType::float32:
      return 4;
    case DType::int64:
    case DType::float64:
      return 8;
  }
  return 0;
}

bool is_floating(DType dtype) { return dtype >= DType::float16; }

// The enumerators stand in order of promotion, but for the two half types, which meet in float32.
DType promote(DType a, DType b) {
  const bool two_halves = a != b && std::min(a, b) == kFloat16 && std::max(a, b) == kBFloat16;
  return two_halves ? kFloat32 : std::max(a, b);
}

const char* to_string(DType dtype) {
  switch (dtype) {
    case DType::boolean:
      return "bool";
    case DType::uint8:
      return "uint8";
    case DType::int32:
      return "int32";
    case DType::int64:
      return "int64";
    case DType::float16:
      return "float16";
    case DType::bfloat16:
      return "bfloat16";
    case DType::float32:
      return "float32";
    case DType::float64:
      return "float64";
  }
  return "?";
}

std::ostream& operator<<(std::ostream& out, DType dtype) { return out << to_string(dtype); }

}  // namespace ebb
