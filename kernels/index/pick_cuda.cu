#include "ebb/kernels/index/pick.h"

#include <limits>

#include "ebb/core/dispatch.h"
#include "ebb/kernels/cuda/launch.cuh"
#include "ebb/kernels/elementwise/elementwise.h"

namespace ebb::kernels {
namespace {

/// Sizes of (N, C, S) and the strides of one operand.
struct Classes {
  std::int64_t positions, classes, inner;  // N * S, C, S
  std::int64_t strides[3];

  __device__ bool contains(std::int64_t c) const { return c >= 0 && c < classes; }
  __device__ std::int64_t offset(std::int64_t position, std::int64_t c) const {
    return position / inner * strides[0] + c * strides[1] + position % inner * strides[2];
  }
};

template <class T>
__global__ void pick_class(Classes at, const T* x, const std::int64_t* target, std::int64_t ignored, T* y) {
  const std::int64_t position = thread_index();
  if (position >= at.positions) return;
  const std::int64_t c = target[position];
  if (c == ignored) {
    y[position] = T(0);
  } else {
    y[position] = at.contains(c) ? x[at.offset(position, c)] : T(std::numeric_limits<float>::quiet_NaN());
  }
}

template <class T>
__global__ void put_class(Classes at, const T* dy, std::int64_t dy_outer, std::int64_t dy_inner,
                          const std::int64_t* target, std::int64_t ignored, T* dx) {
  const std::int64_t position = thread_index();
  if (position >= at.positions) return;
  const std::int64_t c = target[position];
  if (c == ignored || !at.contains(c)) return;
  dx[at.offset(position, c)] = dy[position / at.inner * dy_outer + position % at.inner * dy_inner];
}

Classes classes_of(const Tensor& x, const Tensor& target) {
  return {target.numel(), x.size(1), x.size(2), {x.stride(0), x.stride(1), x.stride(2)}};
}

}  // namespace

void pick(CudaContext& context, const Tensor& x, const Tensor& target, std::int64_t ignored, Tensor& y) {
  visit_floating(x.dtype(), [&]<class T>() {
    launch(context, pick_class<T>, threads_for(target.numel()), classes_of(x, target), x.data<T>(),
           target.data<std::int64_t>(), ignored, y.data<T>());
  });
}

void put(CudaContext& context, const Tensor& dy, const Tensor& target, std::int64_t ignored, Tensor& dx) {
  fill(context, 0, dx);
  visit_floating(dx.dtype(), [&]<class T>() {
    launch(context, put_class<T>, threads_for(target.numel()), classes_of(dx, target), dy.data<T>(), dy.stride(0),
           dy.stride(1), target.data<std::int64_t>(), ignored, dx.data<T>());
  });
}

}  // namespace ebb::kernels
