#include "ebb/kernels/elementwise/activation.h"

#include "ebb/core/dispatch.h"
#include "ebb/kernels/copy/convert.h"
#include "ebb/kernels/elementwise/elementwise.cuh"

namespace ebb::kernels {

void activation(CudaContext& context, const ActivationOp& op, const Tensor& x, Tensor& y) {
  std::visit(
      [&](const auto& f) {
        visit_floating(x.dtype(), [&]<class T>() { map(context, plan_rows(y, x), for_elements<T>(f), y.data<T>(), x.data<T>()); });
      },
      op);
}

void activation_backward(CudaContext& context, const ActivationOp& op, const Tensor& dy, const Tensor& x, Tensor& dx) {
  std::visit(
      [&](const auto& f) {
        visit_floating(x.dtype(),
                    [&]<class T>() { map(context, plan_rows(dx, dy, x), for_elements<T>(f), dx.data<T>(), dy.data<T>(), x.data<T>()); });
      },
      op);
}

}  // namespace ebb::kernels
