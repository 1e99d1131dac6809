// y[i] = a[i] b[i] of any dtype and layout, and the epilogue of what does not have one of its own.
#include "ebb/core/dispatch.h"
#include "ebb/kernels/cuda/launch.cuh"
#include "ebb/kernels/matmul/bmm_on_gpu.h"
#include "ebb/kernels/matmul/epilogue.cuh"
#include "ebb/kernels/matmul/factor.h"

namespace ebb::kernels {
namespace {

/// One thread per result.
template <class T>
__global__ void multiply_plainly(Factor<T> a, Factor<T> b, std::int64_t batch, T* y) {
  const std::int64_t i = thread_index(), m = a.outer, n = b.outer;
  if (i >= batch * m * n) return;
  const std::int64_t matrix = i / (m * n), row = i / n % m, column = i % n;
  const T* left = a.data + matrix * a.batch_stride + row * a.outer_stride;
  const T* right = b.data + matrix * b.batch_stride + column * b.outer_stride;
  OpMath<T> sum = 0;
  for (std::int64_t k = 0; k < a.k; ++k) {
    sum = static_cast<OpMath<T>>(sum + widened(left[k * a.k_stride]) * widened(right[k * b.k_stride]));
  }
  y[i] = rounded<T>(sum);
}

template <class T>
__global__ void finish(EpilogueOf<T> epilogue, std::int64_t columns, std::int64_t count, T* y) {
  const std::int64_t i = thread_index();
  if (i < count) y[i] = rounded<T>(epilogue(widened(y[i]), i % columns, i));
}

template <class T>
void launch_finish(CudaContext& context, const Epilogue& epilogue, Tensor& y) {
  launch(context, finish<T>, threads_for(y.numel()), EpilogueOf<T>(epilogue), y.size(2), y.numel(), y.data<T>());
}

}  // namespace

void bmm_plain(CudaContext& context, const Tensor& a, const Tensor& b, Tensor& y) {
  visit_any(y.dtype(), [&]<class T>() {
    launch(context, multiply_plainly<T>, threads_for(y.numel()), factor<T>(a, 1, 2), factor<T>(b, 2, 1), y.size(0),
           y.data<T>());
  });
}

void finish_product(CudaContext& context, const Epilogue& epilogue, Tensor& y) {
  visit_floating(y.dtype(), [&]<class T>() { launch_finish<T>(context, epilogue, y); });
}

}  // namespace ebb::kernels
