#pragma once

#include <cstdint>

// For the files *_isa.cpp, so in an unnamed namespace (this_isa.h).

namespace ebb::kernels {
namespace {

constexpr std::int64_t lanes = 32, summed_in_block = 1024;
constexpr std::int64_t few_lanes = 8, short_row = 128;  // where adding up the lanes would take longer than the row

/// All lanes combined, in pairs.
template <std::int64_t count, class T, class Combine>
[[gnu::always_inline]] inline T over_lanes(T* each, const Combine& combine) {
#pragma GCC unroll 8
  for (std::int64_t width = count / 2; width > 0; width /= 2) {
#pragma GCC unroll 32
    for (std::int64_t k = 0; k < width; ++k) each[k] = combine(each[k], each[k + width]);
  }
  return each[0];
}

/// The sum of term(i) for begin <= i < end, in `count` lanes.
template <std::int64_t count, class T, class Term>
[[gnu::always_inline]] inline T sum_in_lanes(std::int64_t begin, std::int64_t end, const Term& term) {
  T sums[count] = {}, rest = 0;
  std::int64_t i = begin;
  for (; i + count <= end; i += count) {
#pragma GCC unroll 32
    for (std::int64_t k = 0; k < count; ++k) sums[k] += term(i + k);
  }
  for (; i < end; ++i) rest += term(i);
  return over_lanes<count>(sums, [](T a, T b) { return a + b; }) + rest;
}

/// The sum of term(i) for 0 <= i < n: in T for a block, in double over the blocks.
template <class T, class Term>
[[gnu::always_inline]] inline double sum_of(std::int64_t n, const Term& term) {
  if (n <= short_row) return static_cast<double>(sum_in_lanes<few_lanes, T>(0, n, term));
  double total = 0;
  for (std::int64_t begin = 0; begin < n; begin += summed_in_block) {
    const std::int64_t end = begin + summed_in_block < n ? begin + summed_in_block : n;
    total += static_cast<double>(sum_in_lanes<lanes, T>(begin, end, term));
  }
  return total;
}

}  // namespace
}  // namespace ebb::kernels
