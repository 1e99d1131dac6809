#include "ebb/kernels/elementwise/elementwise.h"

#include "ebb/core/dispatch.h"
#include "ebb/kernels/elementwise/elementwise_loop.h"

namespace ebb::kernels {

void unary(CpuContext&, const UnaryOp& op, const Tensor& x, Tensor& y) {
  std::visit(
      [&]<class Op>(const Op& functor) {
        visit_number(x.dtype(), [&]<class T>() {
          if constexpr (std::is_invocable_v<Op, T>) {
            unary_as<T>(functor, x, y);
          } else {
            fail("needs float32 or float64, got ", x.dtype(), "; convert first: x.to(kFloat32)");
          }
        });
      },
      op);
}

void binary(CpuContext&, const BinaryOp& op, const Tensor& a, const Tensor& b, Tensor& y) {
  std::visit(
      [&]<class Op>(const Op& functor) {
        visit_number(y.dtype(), [&]<class T>() {
          if constexpr (std::is_invocable_v<Op, T, T>) {
            binary_as<T, T>(functor, a, b, y);
          } else {
            fail("needs float32 or float64, got ", y.dtype(), "; convert first: x.to(kFloat32)");
          }
        });
      },
      op);
}

void compare(CpuContext&, const CompareOp& op, const Tensor& a, const Tensor& b, Tensor& y) {
  std::visit(
      [&](const auto& functor) { visit_number(a.dtype(), [&]<class T>() { binary_as<T, bool>(functor, a, b, y); }); },
      op);
}

void where(CpuContext&, const Tensor& condition, const Tensor& a, const Tensor& b, Tensor& y) {
  visit_any(y.dtype(), [&]<class T>() {
    const bool* test = condition.data<bool>();
    const T *left = a.data<T>(), *right = b.data<T>();
    T* to = y.data<T>();
    for_each_row(plan_rows(y, condition, a, b), [&](const auto& at, const auto& step, std::int64_t count) {
      for (std::int64_t i = 0; i < count; ++i) {
        to[at[3] + i * step[3]] = test[at[0] + i * step[0]] ? left[at[1] + i * step[1]] : right[at[2] + i * step[2]];
      }
    });
  });
}

}  // namespace ebb::kernels
