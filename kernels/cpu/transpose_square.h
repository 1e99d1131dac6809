#pragma once

#include <utility>

#include "ebb/kernels/cpu/vectors.h"

// For the files *_isa.cpp, so in an unnamed namespace (this_isa.h).

namespace ebb::kernels {
namespace {

template <class T, int... i>
constexpr void interleave(const Vector<T>& x, const Vector<T>& y, Vector<T>& low, Vector<T>& high,
                          std::integer_sequence<int, i...>) {
  constexpr int width = width_of<T>;
  low = __builtin_shufflevector(x, y, (i % 2 * width + i / 2)...);
  high = __builtin_shufflevector(x, y, (i % 2 * width + (width + i) / 2)...);
}

/// The square of `width` vectors, rows for columns: each round of perfect shuffles moves one bit of the index.
template <class T>
void transpose(Vector<T> (&rows)[width_of<T>]) {
  constexpr int width = width_of<T>;
  for (int round = 1; round < width; round *= 2) {
    Vector<T> shuffled[width];
#pragma GCC unroll 16
    for (int i = 0; i < width / 2; ++i) {
      interleave<T>(rows[i], rows[i + width / 2], shuffled[2 * i], shuffled[2 * i + 1],
                    std::make_integer_sequence<int, width>());
    }
#pragma GCC unroll 16
    for (int i = 0; i < width; ++i) rows[i] = shuffled[i];
  }
}

}  // namespace
}  // namespace ebb::kernels
