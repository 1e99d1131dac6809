#include "ebb/kernels/random/dropout.h"

#include "ebb/core/dispatch.h"
#include "ebb/kernels/cuda/launch.cuh"

namespace ebb::kernels {
namespace {

/// One value of the counter, so four neighbours, a thread.
template <class T>
__global__ void drop(const T* x, std::int64_t count, double p, T keep_probability, Philox random, std::uint64_t offset,
                     T* y) {
  const std::int64_t four = thread_index();
  if (four * 4 >= count) return;
  const auto words = random(offset + static_cast<std::uint64_t>(four));
  for (std::int64_t i = four * 4; i < min(count, four * 4 + 4); ++i) {
    const bool kept = static_cast<double>(words[static_cast<std::size_t>(i % 4)]) * 0x1p-32 >= p;
    y[i] = kept ? x[i] / keep_probability : T(0);
  }
}

}  // namespace

void dropout(CudaContext& context, const Tensor& x, double p, const Philox& random, std::uint64_t offset, Tensor& y) {
  visit_float(x.dtype(), [&]<class T>() {
    launch(context, drop<T>, threads_for((x.numel() + 3) / 4), x.data<T>(), x.numel(), p, static_cast<T>(1 - p), random,
           offset, y.data<T>());
  });
}

}  // namespace ebb::kernels
