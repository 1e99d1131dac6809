#include "ebb/kernels/elementwise/elementwise.h"

#include "ebb/core/dispatch.h"
#include "ebb/kernels/copy/convert.h"
#include "ebb/kernels/elementwise/elementwise.cuh"

namespace ebb::kernels {
namespace {

struct Select {
  template <class T>
  EBB_HOST_DEVICE T operator()(bool test, T a, T b) const {
    return test ? a : b;
  }
};

[[noreturn]] void fail_for_dtype(DType dtype) {
  fail("needs a floating tensor, got ", dtype, "; convert first: x.to(kFloat32)");
}

}  // namespace

void unary(CudaContext& context, const UnaryOp& op, const Tensor& x, Tensor& y) {
  std::visit(
      [&]<class Op>(const Op& functor) {
        visit_any(x.dtype(), [&]<class T>() {
          if constexpr (std::is_invocable_v<Op, OpMath<T>>) {
            map(context, plan_rows(y, x), for_elements<T>(functor), y.data<T>(), x.data<T>());
          } else {
            fail_for_dtype(x.dtype());
          }
        });
      },
      op);
}

void binary(CudaContext& context, const BinaryOp& op, const Tensor& a, const Tensor& b, Tensor& y) {
  std::visit(
      [&]<class Op>(const Op& functor) {
        visit_any(y.dtype(), [&]<class T>() {
          if constexpr (std::is_invocable_v<Op, OpMath<T>, OpMath<T>>) {
            map(context, plan_rows(y, a, b), for_elements<T>(functor), y.data<T>(), a.data<T>(), b.data<T>());
          } else {
            fail_for_dtype(y.dtype());
          }
        });
      },
      op);
}

void compare(CudaContext& context, const CompareOp& op, const Tensor& a, const Tensor& b, Tensor& y) {
  std::visit(
      [&](const auto& functor) {
        visit_any(a.dtype(), [&]<class T>() {
          map(context, plan_rows(y, a, b), for_elements<T>(functor), y.data<bool>(), a.data<T>(), b.data<T>());
        });
      },
      op);
}

void where(CudaContext& context, const Tensor& condition, const Tensor& a, const Tensor& b, Tensor& y) {
  visit_any(y.dtype(), [&]<class T>() {
    map(context, plan_rows(y, condition, a, b), Select(), y.data<T>(), condition.data<bool>(), a.data<T>(),
        b.data<T>());
  });
}

}  // namespace ebb::kernels
