#include "ebb/kernels/elementwise/activation.h"

#include "ebb/core/dispatch.h"
#include "ebb/kernels/elementwise/rows.h"

namespace ebb::kernels {

void activation(CpuContext&, const ActivationOp& op, const Tensor& x, Tensor& y) {
  visit_float(opmath_type(x.dtype()), [&]<class T>() {
    const UnaryRow row = best([]<Isa isa> { return activation_row<isa, T>; })(op.index());
    map_rows(row, &op, x, y);
  });
}

void activation_backward(CpuContext&, const ActivationOp& op, const Tensor& dy, const Tensor& x, Tensor& dx) {
  visit_float(opmath_type(x.dtype()), [&]<class T>() {
    const BinaryRow row = best([]<Isa isa> { return activation_backward_row<isa, T>; })(op.index());
    map_rows(row, &op, dy, x, dx);
  });
}

}  // namespace ebb::kernels
