#include "ebb/kernels/resample/resample.h"

#include "ebb/core/dispatch.h"
#include "ebb/kernels/cuda/divider.h"
#include "ebb/kernels/cuda/half.cuh"
#include "ebb/kernels/cuda/launch.cuh"
#include "ebb/kernels/cuda/packet.cuh"
#include "ebb/kernels/cuda/visit_packet.cuh"

namespace ebb::kernels {

namespace {

/// n neighbours of y a thread; `inner` counts them by n.
template <int n, class T>
__global__ void combine(const T* x, const std::int64_t* offsets, const std::int64_t* columns, const OpMath<T>* weights,
                        std::int64_t count, std::int64_t in, Divider out, Divider inner, T* y) {
  const std::int64_t thread = thread_index();
  if (thread >= count) return;
  std::int64_t outer = thread;
  const std::int64_t i = inner.split(outer), row = out.split(outer), step = inner.divisor() * n;
  const T* from = x + outer * in * step + i * n;
  Packet<OpMath<T>, n> sum{};
  const std::int64_t first = offsets[row], end = offsets[row + 1];
  for (std::int64_t entry = first; entry < end; ++entry) {
    const auto values = load_packet<T, n>(from + columns[entry] * step);
    const OpMath<T> weight = weights[entry];
    for (int k = 0; k < n; ++k) {
      const OpMath<T> term = weight * widened(values.element[k]);
      sum.element[k] = entry == first ? term : sum.element[k] + term;  // -0 stays
    }
  }
  store_packet(y + thread * n, rounded<T>(sum));
}

template <int n, class T>
void launch_combine(CudaContext& context, const Tensor& x, const SparseRows& matrix, Tensor& y) {
  launch(context, combine<n, T>, threads_for(y.numel() / n), x.data<T>(), matrix.offsets.data<std::int64_t>(),
         matrix.columns.data<std::int64_t>(), matrix.weights.data<OpMath<T>>(), y.numel() / n, x.size(1),
         Divider(y.size(1)), Divider(y.size(2) / n), y.data<T>());
}

}  // namespace

void resample(CudaContext& context, const Tensor& x, const SparseRows& matrix, Tensor& y) {
  if (y.numel() == 0) return;
  visit_floating(x.dtype(), [&]<class T>() {
    const auto run = [&](auto packet) { launch_combine<decltype(packet)::value, T>(context, x, matrix, y); };
    visit_packet<T>(y.size(2), run, x, y);
  });
}

}  // namespace ebb::kernels
