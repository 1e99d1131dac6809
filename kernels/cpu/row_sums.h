#pragma once

#include <cstdint>

// For the files *_isa.cpp, so in an unnamed namespace (this_isa.h).

namespace ebb::kernels {
namespace {

constexpr std::int64_t lanes = 16, summed_in_block = 1024;

/// The sum of term(i) for 0 <= i < n: in T for a block, in double over the blocks.
template <class T, class Term>
double sum_of(std::int64_t n, const Term& term) {
  double total = 0;
  for (std::int64_t begin = 0; begin < n; begin += summed_in_block) {
    const std::int64_t end = begin + summed_in_block < n ? begin + summed_in_block : n;
    T sums[lanes] = {};
    std::int64_t i = begin;
    for (; i + lanes <= end; i += lanes) {
      for (std::int64_t k = 0; k < lanes; ++k) sums[k] += term(i + k);
    }
    for (; i < end; ++i) sums[0] += term(i);
    T sum = 0;
    for (std::int64_t k = 0; k < lanes; ++k) sum += sums[k];
    total += static_cast<double>(sum);
  }
  return total;
}

}  // namespace
}  // namespace ebb::kernels
