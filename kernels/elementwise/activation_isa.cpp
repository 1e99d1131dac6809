#include "ebb/kernels/cpu/this_isa.h"
#include "ebb/kernels/elementwise/activation_ops.h"
#include "ebb/kernels/elementwise/row_functions.h"

namespace ebb::kernels {

template <Isa, class T>
UnaryRow activation_row(std::size_t op) {
  return RowsOf<ActivationOp>::of_one<T>(op);
}

template <Isa, class T>
BinaryRow activation_backward_row(std::size_t op) {
  return RowsOf<ActivationOp>::of_two<T>(op);
}

template UnaryRow activation_row<this_isa, float>(std::size_t);
template UnaryRow activation_row<this_isa, double>(std::size_t);
template BinaryRow activation_backward_row<this_isa, float>(std::size_t);
template BinaryRow activation_backward_row<this_isa, double>(std::size_t);

}  // namespace ebb::kernels
