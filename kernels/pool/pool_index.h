#pragma once

#include <cstdint>
#include <type_traits>

#include "ebb/core/dtype/dtype.h"
#include "ebb/core/error.h"

namespace ebb::kernels {

/// What an index of a pooling says where a window has no element inside of the image.
template <class Index>
inline constexpr Index no_element = static_cast<Index>(-1);

/// Calls `body` with the C++ type of a pooling's indices.
template <class Body>
void visit_index(DType dtype, Body&& body) {
  if (dtype == kUInt8) return body.template operator()<std::uint8_t>();
  check(dtype == kInt64, "indices of a pooling must be uint8 or int64, got ", dtype);
  body.template operator()<std::int64_t>();
}

}  // namespace ebb::kernels
