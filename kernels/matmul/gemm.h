#pragma once

#include <cstdint>

#include "ebb/kernels/cpu/isa.h"

namespace ebb::kernels {

/// c = a b, or c += a b where `accumulate`. a is m x k, b is k x n: rows and columns lie `row` and `column` elements
/// apart, one of the two strides being 1. c is m x n in C order, its rows `c_row` elements apart.
template <class T>
struct Gemm {
  std::int64_t m, n, k;
  const T* a;
  std::int64_t a_row, a_column;
  const T* b;
  std::int64_t b_row, b_column;
  T* c;
  std::int64_t c_row;
  bool accumulate = false;
};

template <Isa, class T>
void gemm_eigen(const Gemm<T>& task);

/// On this thread, with the widest instructions that the CPU has.
void gemm(const Gemm<float>& task);
void gemm(const Gemm<double>& task);

/// The rows of c shared out among threads, in blocks that depend on the sizes alone.
void gemm_on_threads(const Gemm<float>& task);
void gemm_on_threads(const Gemm<double>& task);

}  // namespace ebb::kernels
