#include "ebb/core/dispatch.h"
#include "ebb/kernels/convert.h"
#include "ebb/kernels/cuda/elementwise.cuh"
#include "ebb/kernels/elementwise.h"

namespace ebb::kernels {
namespace {

template <class T>
struct Constant {
  T value;
  EBB_HOST_DEVICE T operator()() const { return value; }
};

}  // namespace

void copy(CudaContext& context, const Tensor& x, Tensor& y) {
  const auto rows = plan_rows(y, x);
  visit_any(x.dtype(), [&]<class From>() {
    visit_any(y.dtype(), [&]<class To>() { map(context, rows, Convert<To>(), y.data<To>(), x.data<From>()); });
  });
}

void fill(CudaContext& context, Scalar value, Tensor& y) {
  const auto rows = plan_rows(y);
  visit_any(y.dtype(), [&]<class T>() { map(context, rows, Constant<T>{convert<T>(value)}, y.data<T>()); });
}

}  // namespace ebb::kernels
