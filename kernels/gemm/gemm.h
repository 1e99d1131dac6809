#pragma once

#include <cstdint>

#include "ebb/kernels/cpu/isa.h"
#include "ebb/kernels/gemm/panel.h"

namespace ebb::kernels {

/// c = epilogue(a b). a is m x k, b is k x n: rows and columns lie `row` and `column` elements apart, one of the two
/// strides being 1. c is m x n in C order, its rows `c_row` elements apart.
template <class T>
struct Gemm {
  std::int64_t m, n, k;
  const T* a;
  std::int64_t a_row, a_column;
  const T* b;
  std::int64_t b_row, b_column;
  T* c;
  std::int64_t c_row;
  TileEpilogue<T> epilogue{};
};

/// By ebb's own tiles, on several threads.
template <class T>
void gemm(const Gemm<T>& task);

/// By Eigen, on this thread, without the epilogue.
template <class T>
void gemm_eigen(const Gemm<T>& task);

template <Isa, class T>
void gemm_eigen_of(const Gemm<T>& task);

}  // namespace ebb::kernels
