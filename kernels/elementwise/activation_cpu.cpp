#include "ebb/kernels/elementwise/activation.h"

#include "ebb/core/dispatch.h"
#include "ebb/kernels/elementwise/elementwise_loop.h"

namespace ebb::kernels {

void activation(CpuContext&, const ActivationOp& op, const Tensor& x, Tensor& y) {
  std::visit([&](const auto& f) { visit_float(x.dtype(), [&]<class T>() { unary_as<T>(f, x, y); }); }, op);
}

void activation_backward(CpuContext&, const ActivationOp& op, const Tensor& dy, const Tensor& x, Tensor& dx) {
  std::visit([&](const auto& f) { visit_float(x.dtype(), [&]<class T>() { binary_as<T, T>(f, dy, x, dx); }); }, op);
}

}  // namespace ebb::kernels
