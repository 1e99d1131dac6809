#pragma once

#include "ebb/core/tensor.h"
#include "ebb/kernels/cuda/launch.cuh"
#include "ebb/kernels/cuda/shuffle.cuh"

// Reductions of (count, outputs) values, in an order that depends on the sizes alone: no atomics, equal bits each run.
//
// A Reduction is a functor that passes to a kernel by value:
//   using Value                               what is combined
//   Value identity() const
//   Value load(count_index, output) const     one of the values
//   Value combine(Value a, Value b) const     associative, up to rounding
//   void store(output, Value) const           takes the result

namespace ebb::kernels {

/// Which of a reduction's two indices walks memory in order.
enum class ReduceOrder { count_is_inner, output_is_inner };

namespace reduce_detail {

inline constexpr int tile_outputs = 32, tile_rows = 8;
inline constexpr int loads_per_thread = 64;  // then sums are paired: the rounding error grows with log(count)

/// How the values of one output are shared out: to blocks in chunks, and in a block to threads.
struct Split {
  std::int64_t count, outputs, chunk;
  std::int64_t chunks() const { return (count + chunk - 1) / chunk; }
};

/// Combines chunk by chunk what a first pass has left.
template <class Reduction>
struct Partials {
  using Value = typename Reduction::Value;
  Reduction reduction;
  const Value* partial;
  std::int64_t outputs;

  __device__ Value identity() const { return reduction.identity(); }
  __device__ Value load(std::int64_t i, std::int64_t output) const { return partial[i * outputs + output]; }
  __device__ Value combine(const Value& a, const Value& b) const { return reduction.combine(a, b); }
  __device__ void store(std::int64_t output, const Value& value) const { reduction.store(output, value); }
};

template <class Reduction>
struct IsPartials : std::false_type {};
template <class Reduction>
struct IsPartials<Partials<Reduction>> : std::true_type {};

template <class Reduction>
__device__ void finish(const Reduction& reduction, const Split& split, typename Reduction::Value* partial,
                       std::int64_t output, std::int64_t chunk, const typename Reduction::Value& value) {
  if (partial == nullptr) {
    reduction.store(output, value);
  } else {
    partial[chunk * split.outputs + output] = value;
  }
}

template <class Reduction>
struct Columns {
  typename Reduction::Value value[tile_rows][tile_outputs];
};

/// Neighbouring threads take neighbouring outputs; the rows of a block divide a chunk.
template <class Reduction>
__global__ void reduce_columns(Reduction reduction, Split split, typename Reduction::Value* partial) {
  auto& shared = block_shared<Columns<Reduction>>();
  const std::int64_t output = static_cast<std::int64_t>(blockIdx.x) * tile_outputs + threadIdx.x;
  for (std::int64_t chunk = blockIdx.y; chunk * split.chunk < split.count; chunk += gridDim.y) {
    const std::int64_t end = min(split.count, (chunk + 1) * split.chunk);
    auto value = reduction.identity();
    if (output < split.outputs) {
      for (std::int64_t i = chunk * split.chunk + threadIdx.y; i < end; i += tile_rows) {
        value = reduction.combine(value, reduction.load(i, output));
      }
    }
    shared.value[threadIdx.y][threadIdx.x] = value;
    __syncthreads();
    if (threadIdx.y == 0 && output < split.outputs) {
      for (int row = 1; row < tile_rows; ++row) value = reduction.combine(value, shared.value[row][threadIdx.x]);
      finish(reduction, split, partial, output, chunk, value);
    }
    __syncthreads();
  }
}

template <class Reduction>
struct WarpResults {
  typename Reduction::Value value[block_size / warp_size];
};

/// blockDim.x threads for each output: a warp, so that blockDim.y outputs share a block, or the whole block.
template <class Reduction>
__global__ void reduce_rows(Reduction reduction, Split split, typename Reduction::Value* partial) {
  auto& shared = block_shared<WarpResults<Reduction>>();
  const auto combine = [&](const auto& a, const auto& b) { return reduction.combine(a, b); };
  const std::int64_t output = static_cast<std::int64_t>(blockIdx.x) * blockDim.y + threadIdx.y;
  for (std::int64_t chunk = blockIdx.y; chunk * split.chunk < split.count; chunk += gridDim.y) {
    const std::int64_t end = min(split.count, (chunk + 1) * split.chunk);
    auto value = reduction.identity();
    if (output < split.outputs) {
      for (std::int64_t i = chunk * split.chunk + threadIdx.x; i < end; i += blockDim.x) {
        value = reduction.combine(value, reduction.load(i, output));
      }
    }
    value = warp_reduce(value, combine);
    if (blockDim.x > warp_size) {
      const unsigned warp = threadIdx.x / warp_size, lane = threadIdx.x % warp_size;
      if (lane == 0) shared.value[warp] = value;
      __syncthreads();
      value = lane < blockDim.x / warp_size ? shared.value[lane] : reduction.identity();
      if (warp == 0) value = warp_reduce(value, combine);
      __syncthreads();
    }
    if (threadIdx.x == 0 && output < split.outputs) finish(reduction, split, partial, output, chunk, value);
  }
}

inline constexpr std::int64_t max_grid_y = 65535;

template <class Reduction>
void launch_columns(CudaContext& context, const Reduction& reduction, const Split& split,
                    typename Reduction::Value* partial) {
  const auto chunks = static_cast<unsigned>(std::min(split.chunks(), max_grid_y));
  const LaunchSize size{dim3(grid_size((split.outputs + tile_outputs - 1) / tile_outputs), chunks),
                        dim3(tile_outputs, tile_rows)};
  launch(context, reduce_columns<Reduction>, size, reduction, split, partial);
}

template <class Reduction>
void launch_rows(CudaContext& context, const Reduction& reduction, const Split& split,
                 typename Reduction::Value* partial) {
  const unsigned width = split.count <= warp_size * loads_per_thread / 2 ? warp_size : block_size;
  const unsigned outputs = block_size / width;
  const auto chunks = static_cast<unsigned>(std::min(split.chunks(), max_grid_y));
  const LaunchSize size{dim3(grid_size((split.outputs + outputs - 1) / outputs), chunks), dim3(width, outputs)};
  launch(context, reduce_rows<Reduction>, size, reduction, split, partial);
}

/// Chunks give work to all of the GPU where there are few outputs, and bound the serial part of a sum.
template <class Reduction>
void run(CudaContext& context, const Reduction& reduction, std::int64_t count, std::int64_t outputs,
         ReduceOrder order) {
  using Value = typename Reduction::Value;
  const bool rows = order == ReduceOrder::count_is_inner;
  const Split split{count, outputs, (rows ? block_size : tile_rows) * loads_per_thread};
  Tensor scratch;
  Value* partial = nullptr;
  if (split.chunks() > 1) {
    const auto bytes = split.chunks() * outputs * static_cast<std::int64_t>(sizeof(Value));
    scratch = allocate({bytes}, kUInt8, context.device());
    partial = reinterpret_cast<Value*>(scratch.raw_data());
  }
  if (rows) {
    launch_rows(context, reduction, split, partial);
  } else {
    launch_columns(context, reduction, split, partial);
  }
  if (partial == nullptr) return;
  if constexpr (IsPartials<Reduction>::value) {
    Reduction again = reduction;
    again.partial = partial;
    run(context, again, split.chunks(), outputs, ReduceOrder::output_is_inner);
  } else {
    run(context, Partials<Reduction>{reduction, partial, outputs}, split.chunks(), outputs,
        ReduceOrder::output_is_inner);
  }
}

}  // namespace reduce_detail

/// Reduces `count` > 0 values to each of `outputs` results.
template <class Reduction>
void reduce(CudaContext& context, const Reduction& reduction, std::int64_t count, std::int64_t outputs,
            ReduceOrder order) {
  reduce_detail::run(context, reduction, count, outputs, order);
}

}  // namespace ebb::kernels
