#include "ebb/kernels/matmul/gemm.h"

#include <algorithm>

#include "ebb/core/threads/parallel.h"

namespace ebb::kernels {

void gemm(const Gemm<float>& task) {
  best([]<Isa isa> { return gemm_eigen<isa, float>; })(task);
}

void gemm(const Gemm<double>& task) {
  best([]<Isa isa> { return gemm_eigen<isa, double>; })(task);
}

template <class T>
static void split_rows(const Gemm<T>& g) {
  constexpr std::int64_t multiplications_per_block = 1 << 19, rows_at_once = 16;
  const std::int64_t wanted = multiplications_per_block / std::max<std::int64_t>(g.n * g.k, 1);
  const std::int64_t block = std::max(wanted / rows_at_once, std::int64_t{1}) * rows_at_once;
  parallel_for((g.m + block - 1) / block, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin * block; row < std::min(end * block, g.m); row += block) {
      Gemm<T> part = g;
      part.m = std::min(block, g.m - row);
      part.a += row * g.a_row;
      part.c += row * g.c_row;
      gemm(part);
    }
  });
}

void gemm_on_threads(const Gemm<float>& task) { split_rows(task); }
void gemm_on_threads(const Gemm<double>& task) { split_rows(task); }

}  // namespace ebb::kernels
