#pragma once

#include "ebb/core/dtype.h"
#include "ebb/core/error.h"

namespace ebb {

/// Calls `body.operator()<T>()` with the C++ type of `dtype`, one of those that arithmetic knows.
template <class Body>
decltype(auto) visit_number(DType dtype, Body&& body) {
  switch (dtype) {
    case DType::boolean:
      return body.template operator()<bool>();
    case DType::uint8:
      return body.template operator()<std::uint8_t>();
    case DType::int32:
      return body.template operator()<std::int32_t>();
    case DType::int64:
      return body.template operator()<std::int64_t>();
    case DType::float32:
      return body.template operator()<float>();
    case DType::float64:
      return body.template operator()<double>();
    default:
      fail("does not compute in ", dtype, ", which only stores; convert first: x.to(kFloat32)");
  }
}

/// As visit_number, for any type of elements.
template <class Body>
decltype(auto) visit_any(DType dtype, Body&& body) {
  if (dtype == kFloat16) return body.template operator()<Half>();
  if (dtype == kBFloat16) return body.template operator()<BFloat16>();
  return visit_number(dtype, body);
}

/// As visit_number, for float32 and float64.
template <class Body>
decltype(auto) visit_float(DType dtype, Body&& body) {
  if (dtype == kFloat32) return body.template operator()<float>();
  if (dtype == kFloat64) return body.template operator()<double>();
  fail("needs float32 or float64, got ", dtype, "; convert first: x.to(kFloat32)");
}

}  // namespace ebb
