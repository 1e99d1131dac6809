// Eigen's matrix product. The build renames Eigen's namespace for each instruction set (-DEigen=...), because the
// linker would otherwise keep one variant of its inline functions for all.
#include <Eigen/Core>

#include "ebb/kernels/cpu/this_isa.h"
#include "ebb/kernels/gemm/gemm.h"

namespace ebb::kernels {
namespace {

template <class T, int order>
using View = Eigen::Map<const Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, order>, 0, Eigen::OuterStride<>>;

template <class T, int order>
View<T, order> view(const T* data, std::int64_t rows, std::int64_t columns, std::int64_t row, std::int64_t column) {
  return {data, rows, columns, Eigen::OuterStride<>(order == Eigen::RowMajor ? row : column)};
}

template <class T, int a_order, int b_order>
void multiply(const Gemm<T>& g) {
  using Result = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  Eigen::Map<Result, 0, Eigen::OuterStride<>> c(g.c, g.m, g.n, Eigen::OuterStride<>(g.c_row));
  const auto a = view<T, a_order>(g.a, g.m, g.k, g.a_row, g.a_column);
  const auto b = view<T, b_order>(g.b, g.k, g.n, g.b_row, g.b_column);
  c.noalias() = a * b;
}

}  // namespace

template <Isa, class T>
void gemm_eigen_of(const Gemm<T>& g) {
  constexpr int rows = Eigen::RowMajor, columns = Eigen::ColMajor;
  const bool a_rows = g.a_column == 1, b_rows = g.b_column == 1;
  if (a_rows && b_rows) return multiply<T, rows, rows>(g);
  if (a_rows) return multiply<T, rows, columns>(g);
  if (b_rows) return multiply<T, columns, rows>(g);
  multiply<T, columns, columns>(g);
}

template void gemm_eigen_of<this_isa>(const Gemm<float>&);
template void gemm_eigen_of<this_isa>(const Gemm<double>&);

}  // namespace ebb::kernels
