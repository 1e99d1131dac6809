#include "ebb/kernels/cpu/this_isa.h"
#include "ebb/kernels/elementwise/row_functions.h"
#include "ebb/kernels/loss/loss_rows.h"

namespace ebb::kernels {
namespace {

template <class Ops>
struct GradientsOf;
template <class... Op>
struct GradientsOf<std::variant<Op...>> {
  using type = std::variant<LossGradient<Op>...>;
};

}  // namespace

template <Isa, class T>
BinaryRow loss_row(std::size_t op) {
  return RowsOf<LossOp>::of_two<T>(op);
}

template <Isa, class T>
TernaryRow loss_gradient_row(std::size_t op) {
  return RowsOf<GradientsOf<LossOp>::type>::of_three<T>(op);
}

template BinaryRow loss_row<this_isa, float>(std::size_t);
template BinaryRow loss_row<this_isa, double>(std::size_t);
template TernaryRow loss_gradient_row<this_isa, float>(std::size_t);
template TernaryRow loss_gradient_row<this_isa, double>(std::size_t);

}  // namespace ebb::kernels
