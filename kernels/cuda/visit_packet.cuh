#pragma once

#include <algorithm>
#include <type_traits>

#include "ebb/core/tensor.h"
#include "ebb/kernels/cuda/packet.cuh"

namespace ebb::kernels {

/// Calls `body` with the number of neighbouring elements, as a std::integral_constant, that a thread takes at once of
/// tensors whose rows have `width` of them: as many as fill 16 bytes of T where packets of them lie whole in each row,
/// or 1. An undefined tensor has nothing to say.
template <class T, class Body, class... Tensors>
void visit_packet(std::int64_t width, Body&& body, const Tensors&... tensors) {
  constexpr int n = 16 / sizeof(T);
  const auto is_whole = [](const Tensor& t) {
    if (!t.defined()) return true;
    const std::size_t bytes = std::min<std::size_t>(16, n * size_of(t.dtype()));
    return reinterpret_cast<std::uintptr_t>(t.raw_data()) % bytes == 0;
  };
  if (width % n == 0 && (is_whole(tensors) && ...)) {
    body(std::integral_constant<int, n>());
  } else {
    body(std::integral_constant<int, 1>());
  }
}

}  // namespace ebb::kernels
