#include "ebb/kernels/loss/loss.h"

#include "ebb/core/dispatch.h"
#include "ebb/kernels/loss/loss_rows.h"
#include "ebb/kernels/loss/side_by_side.h"

namespace ebb::kernels {

void loss(CpuContext&, const LossOp& op, const Tensor& x, const Tensor& target, Tensor& losses) {
  visit_float(opmath_type(x.dtype()), [&]<class T>() {
    map_rows(best([]<Isa isa> { return loss_row<isa, T>; })(op.index()), &op, x, target, losses);
  });
}

void loss_sum(CpuContext& context, const LossOp& op, const Tensor& x, const Tensor& target, double scale, Tensor& y) {
  const SideBySide pair = side_by_side(context, x, target);
  visit_float(opmath_type(x.dtype()), [&]<class T>() {
    const BinaryRow row = best([]<Isa isa> { return loss_row<isa, T>; })(op.index());
    fill(context, scale * sum_rows(row, &op, pair.a, pair.b), y);
  });
}

void loss_backward(CpuContext&, const LossOp& op, const Tensor& dy, const Tensor& x, const Tensor& target, double scale,
                   Tensor& dx) {
  const auto run = [&]<class Op>(const Op& f) {
    visit_float(opmath_type(x.dtype()), [&]<class T>() {
      const TernaryRow row = best([]<Isa isa> { return loss_gradient_row<isa, T>; })(op.index());
      const LossGradient<Op> gradient{f, scale};
      map_rows(row, &gradient, dy, x, target, dx);
    });
  };
  std::visit(run, op);
}

}  // namespace ebb::kernels
