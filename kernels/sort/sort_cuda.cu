#include "ebb/kernels/sort/sort.h"

#include "ebb/core/dispatch.h"
#include "ebb/kernels/cuda/launch.cuh"
#include "ebb/kernels/sort/sort_on_gpu.h"

namespace ebb::kernels {
namespace {

template <bool inverse, class T>
__global__ void move_in_rows(std::int64_t count, std::int64_t n, const T* x, std::int64_t row_step,
                             std::int64_t column_step, const std::int64_t* order, T* y) {
  const std::int64_t k = thread_index();
  if (k >= count) return;
  const std::int64_t row = k / n, i = k % n, from = inverse ? i : order[k], to = inverse ? order[k] : i;
  y[row * n + to] = x[row * row_step + from * column_step];
}

template <bool inverse>
void launch_move(CudaContext& context, const Tensor& x, const Tensor& order, Tensor& y) {
  visit_floating(x.dtype(), [&]<class T>() {
    launch(context, move_in_rows<inverse, T>, threads_for(x.numel()), x.numel(), x.size(1), x.data<T>(), x.stride(0),
           x.stride(1), order.data<std::int64_t>(), y.data<T>());
  });
}

}  // namespace

void sort(CudaContext& context, const Tensor& x, bool descending, Tensor& y, Tensor& indices) {
  if (x.numel() == 0) return;
  (x.size(1) <= network_width ? network_sort : radix_sort)(context, x, descending, y, indices);
}

void permute_rows(CudaContext& context, const Tensor& x, const Tensor& order, Tensor& y) {
  launch_move<false>(context, x, order, y);
}

void unpermute_rows(CudaContext& context, const Tensor& x, const Tensor& order, Tensor& y) {
  launch_move<true>(context, x, order, y);
}

}  // namespace ebb::kernels
