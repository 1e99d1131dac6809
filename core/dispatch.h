#pragma once

#include "ebb/core/dtype/dtype.h"
#include "ebb/core/error.h"

namespace ebb {

/// Calls `body.operator()<T>()` with the C++ type of `dtype`, one of those that C++ computes in.
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

/// As visit_number, for float16 and bfloat16 too.
template <class Body>
decltype(auto) visit_any(DType dtype, Body&& body) {
  if (dtype == kFloat16) return body.template operator()<Half>();
  if (dtype == kBFloat16) return body.template operator()<BFloat16>();
  return visit_number(dtype, body);
}

/// Calls `body.operator()<T>()` with the C++ type of an integer that only stores.
template <class Body>
decltype(auto) visit_stored_integer(DType dtype, Body&& body) {
  switch (dtype) {
    case DType::int8:
      return body.template operator()<std::int8_t>();
    case DType::int16:
      return body.template operator()<std::int16_t>();
    case DType::uint16:
      return body.template operator()<std::uint16_t>();
    case DType::uint32:
      return body.template operator()<std::uint32_t>();
    case DType::uint64:
      return body.template operator()<std::uint64_t>();
    default:
      fail("elements of ", dtype, " convert to no other type");
  }
}

/// Calls `body.operator()<T>()` with the C++ type of a float8.
template <class Body>
decltype(auto) visit_float8(DType dtype, Body&& body) {
  switch (dtype) {
    case DType::float8_e4m3fn:
      return body.template operator()<Float8E4M3FN>();
    case DType::float8_e5m2:
      return body.template operator()<Float8E5M2>();
    case DType::float8_e4m3fnuz:
      return body.template operator()<Float8E4M3FNUZ>();
    case DType::float8_e5m2fnuz:
      return body.template operator()<Float8E5M2FNUZ>();
    default:
      fail("is no float8 but ", dtype);
  }
}

/// As visit_number, for float32 and float64.
template <class Body>
decltype(auto) visit_float(DType dtype, Body&& body) {
  if (dtype == kFloat32) return body.template operator()<float>();
  if (dtype == kFloat64) return body.template operator()<double>();
  fail("needs a floating tensor, got ", dtype, "; convert first: x.to(kFloat32)");
}

/// As visit_float, for float16 and bfloat16 too.
template <class Body>
decltype(auto) visit_floating(DType dtype, Body&& body) {
  if (dtype == kFloat16) return body.template operator()<Half>();
  if (dtype == kBFloat16) return body.template operator()<BFloat16>();
  return visit_float(dtype, body);
}

}  // namespace ebb
