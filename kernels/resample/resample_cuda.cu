#include "ebb/kernels/resample/resample.h"

#include "ebb/core/dispatch.h"
#include "ebb/kernels/cuda/divider.h"
#include "ebb/kernels/cuda/launch.cuh"

namespace ebb::kernels {

/// One element of y a thread.
template <class T>
static __global__ void combine(const T* x, const std::int64_t* offsets, const std::int64_t* columns, const T* weights,
                               std::int64_t count, std::int64_t in, Divider out, Divider inner, T* y) {
  const std::int64_t thread = thread_index();
  if (thread >= count) return;
  std::int64_t outer = thread;
  const std::int64_t i = inner.split(outer), row = out.split(outer);
  const T* from = x + outer * in * inner.divisor() + i;
  T sum = 0;
  for (std::int64_t entry = offsets[row]; entry < offsets[row + 1]; ++entry) {
    const T term = weights[entry] * from[columns[entry] * inner.divisor()];
    sum = entry == offsets[row] ? term : sum + term;  // -0 stays
  }
  y[thread] = sum;
}

void resample(CudaContext& context, const Tensor& x, const SparseRows& matrix, Tensor& y) {
  if (y.numel() == 0) return;
  visit_float(x.dtype(), [&]<class T>() {
    launch(context, combine<T>, threads_for(y.numel()), x.data<T>(), matrix.offsets.data<std::int64_t>(),
           matrix.columns.data<std::int64_t>(), matrix.weights.data<T>(), y.numel(), x.size(1), Divider(y.size(1)),
           Divider(y.size(2)), y.data<T>());
  });
}

}  // namespace ebb::kernels
