#include "ebb/kernels/random/dropout.h"

#include "ebb/core/dispatch.h"
#include "ebb/kernels/copy/convert.h"
#include "ebb/kernels/cuda/launch.cuh"

namespace ebb::kernels {
namespace {

/// One value of the counter, so four neighbours, a thread.
template <class T>
__device__ void drop_four(const T* x, std::int64_t count, double p, OpMath<T> keep_probability, Philox random,
                          std::uint64_t offset, T* y) {
  const std::int64_t four = thread_index();
  if (four * 4 >= count) return;
  const auto words = random(offset + static_cast<std::uint64_t>(four));
  for (std::int64_t i = four * 4; i < min(count, four * 4 + 4); ++i) {
    const bool kept = static_cast<double>(words[static_cast<std::size_t>(i % 4)]) * 0x1p-32 >= p;
    y[i] = kept ? Convert<T>()(Convert<OpMath<T>>()(x[i]) / keep_probability) : T(0);
  }
}

template <class T>
__global__ void drop(const T* x, std::int64_t count, double p, OpMath<T> keep_probability, Philox random,
                     std::uint64_t offset, T* y) {
  drop_four(x, count, p, keep_probability, random, offset, y);
}

/// The seed and the offset of each replay, in the graph's table.
template <class T>
__global__ void drop_in_graph(const T* x, std::int64_t count, double p, OpMath<T> keep_probability,
                              const std::uint64_t* seed_and_offset, T* y) {
  drop_four(x, count, p, keep_probability, Philox{seed_and_offset[0]}, seed_and_offset[1], y);
}

}  // namespace

void dropout(CudaContext& context, const Tensor& x, double p, const MaskSource& source, Tensor& y) {
  const LaunchSize size = threads_for((x.numel() + 3) / 4);
  visit_floating(x.dtype(), [&]<class T>() {
    const auto keep_probability = static_cast<OpMath<T>>(1 - p);
    if (source.in_graph.defined()) {
      launch(context, drop_in_graph<T>, size, x.data<T>(), x.numel(), p, keep_probability,
             reinterpret_cast<const std::uint64_t*>(source.in_graph.raw_data()), y.data<T>());
    } else {
      launch(context, drop<T>, size, x.data<T>(), x.numel(), p, keep_probability, source.random, source.offset,
             y.data<T>());
    }
  });
}

}  // namespace ebb::kernels
