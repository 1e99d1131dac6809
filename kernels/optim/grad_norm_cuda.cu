#include "ebb/kernels/optim/grad_norm.h"

#include <cmath>
#include <utility>

#include "ebb/core/dispatch.h"
#include "ebb/kernels/cuda/half.cuh"
#include "ebb/kernels/cuda/shuffle.cuh"
#include "ebb/kernels/cuda/tensor_table.cuh"
#include "ebb/kernels/elementwise/elementwise.h"

namespace ebb::kernels {
namespace {

template <class T>
struct WarpSums {
  T value[block_size / warp_size];
};

/// The sum of what the threads of a block have; the first thread gets it.
template <class T>
__device__ T block_sum(T own) {
  auto& shared = block_shared<WarpSums<T>>();
  const auto plus = [](T a, T b) { return a + b; };
  const unsigned warp = threadIdx.x / warp_size, lane = threadIdx.x % warp_size;
  own = warp_reduce(own, plus);
  if (lane == 0) shared.value[warp] = own;
  __syncthreads();
  if (warp == 0) own = warp_reduce(lane < block_size / warp_size ? shared.value[lane] : T(0), plus);
  return own;
}

/// A block's share of the elements gives one partial sum.
template <class T>
__global__ void sum_squares(__grid_constant__ const TensorTable<T, 1> table, OpMath<T>* partial) {
  OpMath<T> sum = 0;
  table.for_each_packet([&](auto packet, int group, std::int64_t i) {
    constexpr int n = decltype(packet)::value;
    const auto values = widened(load_packet<T, n>(table.data[0][group] + i));
    for (int e = 0; e < n; ++e) sum += values.element[e] * values.element[e];
  });
  sum = block_sum(sum);
  if (threadIdx.x == 0) partial[blockIdx.x] = sum;
}

template <class T>
__global__ void finish_norm(const T* partial, std::int64_t count, T* total) {
  T sum = 0;
  for (std::int64_t i = threadIdx.x; i < count; i += block_size) sum += partial[i];
  sum = block_sum(sum);
  if (threadIdx.x == 0) *total = std::sqrt(sum);
}

template <class T>
__global__ void scale_elements(__grid_constant__ const TensorTable<T, 1> table, const OpMath<T>* scale) {
  const OpMath<T> factor = *scale;
  table.for_each_packet([&](auto packet, int group, std::int64_t i) {
    constexpr int n = decltype(packet)::value;
    auto values = widened(load_packet<T, n>(table.data[0][group] + i));
    for (int e = 0; e < n; ++e) values.element[e] *= factor;
    store_global(table.data[0][group] + i, rounded<T>(values));
  });
}

/// What a table is filled from. Kernels that only read take it, too.
template <class T>
auto each_of(std::span<const Tensor> tensors) {
  return [tensors](auto&& add) {
    for (const Tensor& x : tensors) add(std::array<T*, 1>{const_cast<T*>(x.data<T>())}, x.numel());
  };
}

}  // namespace

void total_norm(CudaContext& context, std::span<const Tensor> tensors, Tensor& total) {
  if (tensors.empty()) return fill(context, 0, total);
  visit_floating(tensors[0].dtype(), [&]<class T>() {
    using Number = OpMath<T>;
    std::int64_t blocks = 0;
    for (const Tensor& x : tensors) blocks += (x.numel() + TensorTable<T, 1>::share - 1) / TensorTable<T, 1>::share;
    Tensor partial = allocate({std::max<std::int64_t>(blocks, 1)}, total.dtype(), context.device());
    std::int64_t done = 0;
    for_each_table<T, 1>(each_of<T>(tensors), [&](const TensorTable<T, 1>& table) {
      launch(context, sum_squares<T>, {dim3(table.blocks())}, table, partial.data<Number>() + done);
      done += table.blocks();
    });
    launch(context, finish_norm<Number>, {dim3(1)}, partial.data<Number>(), done, total.data<Number>());
  });
}

void scale_all(CudaContext& context, std::span<Tensor> tensors, const Tensor& scale) {
  if (tensors.empty()) return;
  visit_floating(tensors[0].dtype(), [&]<class T>() {
    for_each_table<T, 1>(each_of<T>(tensors), [&](const TensorTable<T, 1>& table) {
      launch(context, scale_elements<T>, {dim3(table.blocks())}, table, scale.data<OpMath<T>>());
    });
  });
}

}  // namespace ebb::kernels
