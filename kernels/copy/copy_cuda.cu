#include "ebb/core/dispatch.h"
#include "ebb/kernels/copy/convert.h"
#include "ebb/kernels/copy/element_bits.h"
#include "ebb/kernels/copy/transpose.h"
#include "ebb/kernels/cuda/half.cuh"
#include "ebb/kernels/elementwise/elementwise.cuh"
#include "ebb/kernels/elementwise/elementwise.h"

namespace ebb::kernels {
namespace {

template <class T>
struct Constant {
  T value;
  EBB_HOST_DEVICE T operator()() const { return value; }
};

/// Of one dtype: only the size of elements matters.
void copy_bits(CudaContext& context, const Tensor& x, Tensor& y) {
  const auto rows = plan_rows(y, x);
  if (const auto transposition = transposition_of(rows)) {
    return transpose(context, *transposition, size_of(y.dtype()), x.raw_data(), y.raw_data());
  }
  visit_bits(size_of(y.dtype()), [&]<class T>() {
    map(context, rows, Convert<T>(), reinterpret_cast<T*>(y.raw_data()), reinterpret_cast<const T*>(x.raw_data()));
  });
}

}  // namespace

void copy(CudaContext& context, const Tensor& x, Tensor& y) {
  if (x.dtype() == y.dtype()) return copy_bits(context, x, y);
  check(!is_storage_only(x.dtype()) && !is_storage_only(y.dtype()), "converts ", x.dtype(), " to ", y.dtype(),
        " on the CPU only: x.to(kCPU).to(...)");
  const auto rows = plan_rows(y, x);
  visit_any(x.dtype(), [&]<class From>() {
    visit_any(y.dtype(), [&]<class To>() { map(context, rows, ConvertHere<To>(), y.data<To>(), x.data<From>()); });
  });
}

void fill(CudaContext& context, Scalar value, Tensor& y) {
  const auto rows = plan_rows(y);
  visit_any(y.dtype(), [&]<class T>() { map(context, rows, Constant<T>{convert<T>(value)}, y.data<T>()); });
}

}  // namespace ebb::kernels
