#pragma once

#include <array>
#include <optional>

#include "ebb/kernels/rows.h"

// How the kernels of a GPU cut rows.

namespace ebb::kernels {

template <std::size_t n>
struct Halves {
  Rows<n> front, back;
  std::array<std::int64_t, n> next;  // where `back` begins in each operand
};

/// The outermost dimension of more than one element, cut in two.
template <std::size_t n>
Halves<n> halves(const Rows<n>& rows) {
  const int outer = rows.sizes.size() - 1;
  const std::int64_t size = rows.sizes[outer], half = size / 2;
  Halves<n> cut{rows, rows, {}};
  cut.front.sizes[outer] = half;
  cut.back.sizes[outer] = size - half;
  cut.front.numel = rows.numel / size * half;
  cut.back.numel = rows.numel - cut.front.numel;
  for (std::size_t k = 0; k < n; ++k) cut.next[k] = half * rows.strides[k][outer];
  return cut;
}

/// The rows with packets of `size` in place of elements, where that goes: each operand has neighbours along the
/// innermost dimension that lie side by side in aligned packets, or are one and the same; in the last operand the
/// former.
template <std::size_t n>
std::optional<Rows<n>> in_packets(const Rows<n>& rows, int size, const std::array<bool, n>& aligned) {
  if (rows.sizes[0] % size != 0 || rows.strides[n - 1][0] != 1) return {};
  for (std::size_t k = 0; k < n; ++k) {
    const Strides& s = rows.strides[k];
    if (s[0] == 0) continue;
    if (s[0] != 1 || !aligned[k]) return {};
    for (int d = 1; d < s.size(); ++d) {
      if (s[d] % size != 0) return {};
    }
  }
  Rows<n> packets = rows;
  packets.sizes[0] /= size;
  packets.numel /= size;
  for (Strides& s : packets.strides) s[0] *= size;
  return packets;
}

/// A bit for each operand whose neighbours along the innermost dimension lie side by side.
template <std::size_t n>
unsigned neighbours(const Rows<n>& rows) {
  unsigned bits = 0;
  for (std::size_t k = 0; k < n; ++k) bits |= rows.strides[k][0] == 1 ? 1U << k : 0U;
  return bits;
}

/// A bit for each operand that is walked one element after the other, and `aligned`; none where the last is not.
template <std::size_t n>
unsigned dense_operands(const Rows<n>& rows, const std::array<bool, n>& aligned) {
  unsigned bits = 0;
  for (std::size_t k = 0; k < n; ++k) {
    std::int64_t step = 1;
    bool is_dense = aligned[k];
    for (int d = 0; d < rows.sizes.size(); ++d) {
      is_dense = is_dense && rows.strides[k][d] == step;
      step *= rows.sizes[d];
    }
    bits |= is_dense ? 1U << k : 0U;
  }
  return (bits >> (n - 1) & 1) != 0 ? bits : 0;
}

}  // namespace ebb::kernels
