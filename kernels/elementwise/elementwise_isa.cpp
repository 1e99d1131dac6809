#include "ebb/kernels/cpu/this_isa.h"
#include "ebb/kernels/elementwise/binary_ops.h"
#include "ebb/kernels/elementwise/row_functions.h"

namespace ebb::kernels {

template <Isa, class T>
UnaryRow unary_row(std::size_t op) {
  return RowsOf<UnaryOp>::of_one<T>(op);
}

template <Isa, class T>
BinaryRow binary_row(std::size_t op) {
  return RowsOf<BinaryOp>::of_two<T>(op);
}

template <Isa, class T>
BinaryRow compare_row(std::size_t op) {
  return RowsOf<CompareOp>::of_two<T, bool>(op);
}

template UnaryRow unary_row<this_isa, float>(std::size_t);
template UnaryRow unary_row<this_isa, double>(std::size_t);
template BinaryRow binary_row<this_isa, float>(std::size_t);
template BinaryRow binary_row<this_isa, double>(std::size_t);
template BinaryRow compare_row<this_isa, float>(std::size_t);
template BinaryRow compare_row<this_isa, double>(std::size_t);

}  // namespace ebb::kernels
