#pragma once

#include <array>
#include <cstddef>

#include "ebb/core/error.h"

namespace ebb::kernels {

/// An element of which only the size matters.
template <std::size_t size>
struct alignas(size) ElementBits {
  std::byte bytes[size];
};

/// Calls `body.operator()<T>()` with the ElementBits of `size` bytes.
template <class Body>
void visit_bits(std::size_t size, Body&& body) {
  switch (size) {
    case 1:
      return body.template operator()<ElementBits<1>>();
    case 2:
      return body.template operator()<ElementBits<2>>();
    case 4:
      return body.template operator()<ElementBits<4>>();
    case 8:
      return body.template operator()<ElementBits<8>>();
    case 16:
      return body.template operator()<ElementBits<16>>();
    default:
      fail("elements of ", size, " bytes");
  }
}

}  // namespace ebb::kernels
