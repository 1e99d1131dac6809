#include <limits>

#include "ebb/core/dispatch.h"
#include "ebb/kernels/cuda/launch.cuh"
#include "ebb/kernels/cuda/walk.h"
#include "ebb/kernels/index/index.h"
#include "ebb/kernels/index/index_lines.h"

namespace ebb::kernels {
namespace {

/// One element of y a thread; the walk's operands are index, the starts of the lines of x, and y.
template <class T>
__global__ void gather_element(Walk<3> walk, std::int64_t count, const std::int64_t* index, const T* x,
                               std::int64_t size, std::int64_t stride, T outside, T* y) {
  const std::int64_t thread = thread_index();
  if (thread >= count) return;
  const auto at = walk(thread);
  const std::int64_t place = index[at.of[0]];
  y[at.of[2]] = place >= 0 && place < size ? x[at.of[1] + place * stride] : outside;
}

}  // namespace

void gather(CudaContext& context, const Tensor& x, int dim, const Tensor& index, Tensor& y) {
  if (y.numel() == 0) return;
  const auto rows = plan_rows(y, index, line_starts(x, dim, y.shape()));
  visit_any(x.dtype(), [&]<class T>() {
    T outside{};
    if constexpr (std::is_floating_point_v<T>) outside = std::numeric_limits<T>::quiet_NaN();
    launch(context, gather_element<T>, threads_for(rows.numel), Walk<3>(rows), rows.numel, index.data<std::int64_t>(),
           x.data<T>(), x.size(dim), x.stride(dim), outside, y.data<T>());
  });
}

}  // namespace ebb::kernels
