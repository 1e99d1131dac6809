#include "ebb/kernels/random/dropout.h"

#include <cmath>

#include "ebb/core/dispatch.h"
#include "ebb/kernels/cuda/half.cuh"
#include "ebb/kernels/cuda/launch.cuh"
#include "ebb/kernels/cuda/packet.cuh"

namespace ebb::kernels {
namespace {

template <class T>
struct Dropout {
  const T* x;
  T* y;
  std::int64_t count;
  bool packed;
  std::uint64_t least;  // word that keeps: of 32 bits, unless nothing is kept
  OpMath<T> scale;

  Dropout(const Tensor& from, double p, Tensor& to)
      : x(from.data<T>()),
        y(to.data<T>()),
        count(from.numel()),
        packed(is_aligned<4>(x) && is_aligned<4>(y)),
        least(static_cast<std::uint64_t>(std::ceil(p * 0x1p32))),
        scale(p < 1 ? static_cast<OpMath<T>>(1 / (1 - p)) : 0) {}

  __device__ T value(T from, std::uint32_t word) const {
    return word >= least ? rounded<T>(widened(from) * scale) : T(0);
  }
};

/// One value of the counter, so four neighbours, a thread.
template <class T>
__device__ void drop_four(const Dropout<T>& d, Philox random, std::uint64_t offset) {
  const std::int64_t four = thread_index(), first = four * 4;
  if (first >= d.count) return;
  const auto words = random(offset + static_cast<std::uint64_t>(four));
  if (d.packed && first + 4 <= d.count) {
    auto values = load_packet<T, 4>(d.x + first);
    for (std::size_t i = 0; i < 4; ++i) values.element[i] = d.value(values.element[i], words[i]);
    store_global(d.y + first, values);
  } else {
    for (std::int64_t i = first; i < min(d.count, first + 4); ++i) {
      d.y[i] = d.value(d.x[i], words[static_cast<std::size_t>(i - first)]);
    }
  }
}

template <class T>
__global__ void drop(Dropout<T> dropout, Philox random, std::uint64_t offset) {
  drop_four(dropout, random, offset);
}

/// The seed and the offset of each replay, in the graph's table.
template <class T>
__global__ void drop_in_graph(Dropout<T> dropout, const std::uint64_t* seed_and_offset) {
  drop_four(dropout, Philox{seed_and_offset[0]}, seed_and_offset[1]);
}

}  // namespace

void dropout(CudaContext& context, const Tensor& x, double p, const MaskSource& source, Tensor& y) {
  const LaunchSize size = threads_for((x.numel() + 3) / 4);
  visit_floating(x.dtype(), [&]<class T>() {
    const Dropout<T> task(x, p, y);
    if (source.in_graph.defined()) {
      launch(context, drop_in_graph<T>, size, task, reinterpret_cast<const std::uint64_t*>(source.in_graph.raw_data()));
    } else {
      launch(context, drop<T>, size, task, source.random, source.offset);
    }
  });
}

}  // namespace ebb::kernels
