#pragma once

#include "ebb/core/tensor.h"
#include "ebb/kernels/cuda/launch.cuh"
#include "ebb/kernels/cuda/reduce_shares.h"
#include "ebb/kernels/cuda/shuffle.cuh"

// Reductions of (count, outputs) values, in an order that depends on the sizes alone: no atomics, equal bits each run.
//
// A Reduction is a functor that passes to a kernel by value:
//   using Value                               what is combined
//   Value identity() const
//   Value load(count_index, output) const     one of the values
//   Value combine(Value a, Value b) const     associative, up to rounding
//   void store(output, Value) const           takes the result
// One that reads neighbours together has, in place of load, what OneByOne below makes of it:
//   using Raw                                 `packet` neighbours as they lie in memory
//   static constexpr int packet
//   Line line(output) const, Raw along(line, i, end)           values i .. of one output, those before end
//   Lines lines(output, outputs) const, Raw across(lines, i)   value i of outputs output .., those that there are
//   Value value(raw, k, count_index) const    of neighbour k

namespace ebb::kernels {

/// Which of a reduction's two indices walks memory in order.
enum class ReduceOrder { count_is_inner, output_is_inner };

namespace reduce_detail {

inline constexpr int in_flight = 4;  // packets that a thread loads before it combines them

template <class Reduction>
struct OneByOne : Reduction {
  using Value = typename Reduction::Value;
  using Raw = Value;
  using Line = std::int64_t;
  using Lines = std::int64_t;
  static constexpr int packet = 1;

  explicit OneByOne(const Reduction& reduction) : Reduction(reduction) {}

  __device__ Line line(std::int64_t output) const { return output; }
  __device__ Lines lines(std::int64_t output, std::int64_t) const { return output; }
  __device__ Raw along(Line output, std::int64_t i, std::int64_t) const { return this->load(i, output); }
  __device__ Raw across(Lines output, std::int64_t i) const { return this->load(i, output); }
  __device__ Value value(const Raw& raw, int, std::int64_t) const { return raw; }
};

template <class Reduction>
concept ReadsPackets = requires {
  typename Reduction::Raw;
};

/// What a first pass has left of each chunk; values of one output lie `count_step` apart.
template <class Reduction>
struct Partials {
  using Value = typename Reduction::Value;
  Reduction reduction;
  const Value* partial;
  std::int64_t count_step, output_step;

  __device__ Value identity() const { return reduction.identity(); }
  __device__ Value load(std::int64_t i, std::int64_t output) const {
    return partial[i * count_step + output * output_step];
  }
  __device__ Value combine(const Value& a, const Value& b) const { return reduction.combine(a, b); }
  __device__ void store(std::int64_t output, const Value& value) const { reduction.store(output, value); }
};

template <class Reduction>
struct IsPartials : std::false_type {};
template <class Reduction>
struct IsPartials<OneByOne<Partials<Reduction>>> : std::true_type {};

template <class Reduction>
struct WarpResults {
  typename Reduction::Value value[block_size / warp_size];
};

/// The combination of values [begin, end) of an output that fall to this thread, one of blockDim.x.
template <class Reduction>
__device__ typename Reduction::Value reduce_line(const Reduction& reduction, std::int64_t output, std::int64_t begin,
                                                 std::int64_t end) {
  using Raw = typename Reduction::Raw;
  constexpr int n = Reduction::packet, sums = n < 4 ? n : 4;
  typename Reduction::Value sum[sums];
  for (int k = 0; k < sums; ++k) sum[k] = reduction.identity();
  const auto line = reduction.line(output);
  const std::int64_t step = blockDim.x * n;
  std::int64_t i = begin + threadIdx.x * n;
  for (; i + (in_flight - 1) * step + n <= end; i += in_flight * step) {
    Raw raw[in_flight];
#pragma unroll
    for (int u = 0; u < in_flight; ++u) raw[u] = reduction.along(line, i + u * step, end);
#pragma unroll
    for (int u = 0; u < in_flight; ++u) {
#pragma unroll
      for (int k = 0; k < n; ++k) {
        sum[k % sums] = reduction.combine(sum[k % sums], reduction.value(raw[u], k, i + u * step + k));
      }
    }
  }
  Raw raw[in_flight] = {};
#pragma unroll
  for (int u = 0; u < in_flight; ++u) {
    if (i + u * step < end) raw[u] = reduction.along(line, i + u * step, end);
  }
#pragma unroll
  for (int u = 0; u < in_flight; ++u) {
#pragma unroll
    for (int k = 0; k < n; ++k) {
      if (i + u * step + k >= end) continue;
      sum[k % sums] = reduction.combine(sum[k % sums], reduction.value(raw[u], k, i + u * step + k));
    }
  }
#pragma unroll
  for (int half = sums / 2; half > 0; half /= 2) {
    for (int k = 0; k < half; ++k) sum[k] = reduction.combine(sum[k], sum[k + half]);
  }
  return sum[0];
}

/// blockDim.x threads for each output: a part of a warp, so that blockDim.y outputs share a block, or the whole block.
template <class Reduction>
__global__ void reduce_rows(Reduction reduction, Shares shares, typename Reduction::Value* partial) {
  auto& shared = block_shared<WarpResults<Reduction>>();
  const auto combine = [&](const auto& a, const auto& b) { return reduction.combine(a, b); };
  const std::int64_t output = static_cast<std::int64_t>(blockIdx.x) * blockDim.y + threadIdx.y;
  for (std::int64_t chunk = blockIdx.y; chunk < shares.chunks; chunk += gridDim.y) {
    const std::int64_t begin = chunk * shares.chunk, end = min(shares.count, begin + shares.chunk);
    auto value = reduction.identity();
    if (output < shares.outputs) value = reduce_line(reduction, output, begin, end);
    const unsigned lanes = min(blockDim.x, static_cast<unsigned>(warp_size));
    for (unsigned delta = lanes / 2; delta > 0; delta /= 2) {
      value = combine(value, shuffle_down(value, static_cast<int>(delta)));
    }
    if (blockDim.x > warp_size) {
      const unsigned warp = threadIdx.x / warp_size, lane = threadIdx.x % warp_size;
      if (lane == 0) shared.value[warp] = value;
      __syncthreads();
      value = lane < blockDim.x / warp_size ? shared.value[lane] : reduction.identity();
      if (warp == 0) value = warp_reduce(value, combine);
      __syncthreads();
    }
    if (threadIdx.x > 0 || output >= shares.outputs) continue;
    if (partial == nullptr) {
      reduction.store(output, value);
    } else {
      partial[output * shares.chunks + chunk] = value;
    }
  }
}

template <class Reduction>
struct ColumnResults {
  typename Reduction::Value value[Reduction::packet][block_size];
};

/// The combinations of rows [begin, end) of `packet` neighbouring outputs that fall to this thread, one of blockDim.y.
template <class Reduction>
__device__ void reduce_lines(const Reduction& reduction, std::int64_t output, std::int64_t outputs, std::int64_t begin,
                             std::int64_t end, typename Reduction::Value* sum) {
  using Raw = typename Reduction::Raw;
  constexpr int n = Reduction::packet;
  const auto lines = reduction.lines(output, outputs);
  const std::int64_t step = blockDim.y;
  std::int64_t i = begin + threadIdx.y;
  for (; i + (in_flight - 1) * step < end; i += in_flight * step) {
    Raw raw[in_flight];
#pragma unroll
    for (int u = 0; u < in_flight; ++u) raw[u] = reduction.across(lines, i + u * step);
#pragma unroll
    for (int u = 0; u < in_flight; ++u) {
#pragma unroll
      for (int k = 0; k < n; ++k) sum[k] = reduction.combine(sum[k], reduction.value(raw[u], k, i + u * step));
    }
  }
  for (; i < end; i += step) {
    const Raw raw = reduction.across(lines, i);
#pragma unroll
    for (int k = 0; k < n; ++k) sum[k] = reduction.combine(sum[k], reduction.value(raw, k, i));
  }
}

/// Neighbouring threads take neighbouring packets of outputs; blockDim.y threads divide the rows of a chunk.
template <class Reduction>
__global__ void reduce_columns(Reduction reduction, Shares shares, typename Reduction::Value* partial) {
  constexpr int n = Reduction::packet;
  auto& shared = block_shared<ColumnResults<Reduction>>();
  const std::int64_t output = (static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x) * n;
  const unsigned thread = threadIdx.y * blockDim.x + threadIdx.x;
  for (std::int64_t chunk = blockIdx.y; chunk < shares.chunks; chunk += gridDim.y) {
    const std::int64_t begin = chunk * shares.chunk, end = min(shares.count, begin + shares.chunk);
    typename Reduction::Value sum[n];
#pragma unroll
    for (int k = 0; k < n; ++k) sum[k] = reduction.identity();
    if (output < shares.outputs) reduce_lines(reduction, output, shares.outputs, begin, end, sum);
    for (unsigned rows = blockDim.y / 2; rows > 0; rows /= 2) {
#pragma unroll
      for (int k = 0; k < n; ++k) shared.value[k][thread] = sum[k];
      __syncthreads();
      if (threadIdx.y < rows) {
#pragma unroll
        for (int k = 0; k < n; ++k) sum[k] = reduction.combine(sum[k], shared.value[k][thread + rows * blockDim.x]);
      }
      __syncthreads();
    }
    if (threadIdx.y > 0) continue;
#pragma unroll
    for (int k = 0; k < n; ++k) {
      if (output + k >= shares.outputs) continue;
      if (partial == nullptr) {
        reduction.store(output + k, sum[k]);
      } else {
        partial[chunk * shares.outputs + output + k] = sum[k];
      }
    }
  }
}

template <class Reduction>
void run(CudaContext& context, const Reduction& reduction, std::int64_t count, std::int64_t outputs,
         ReduceOrder order) {
  using Value = typename Reduction::Value;
  constexpr int n = Reduction::packet;
  const bool rows = order == ReduceOrder::count_is_inner;
  const Shares shares = rows ? shares_of_rows(count, outputs, n) : shares_of_columns(count, outputs, n);
  Tensor scratch;
  Value* partial = nullptr;
  if (shares.chunks > 1) {
    const auto bytes = shares.chunks * outputs * static_cast<std::int64_t>(sizeof(Value));
    scratch = allocate({bytes}, kUInt8, context.device());
    partial = reinterpret_cast<Value*>(scratch.raw_data());
  }
  const std::int64_t threads = rows ? outputs : (outputs + n - 1) / n;
  const unsigned side = rows ? shares.height : shares.width;
  const LaunchSize size{dim3(grid_size((threads + side - 1) / side),
                             static_cast<unsigned>(std::min<std::int64_t>(shares.chunks, max_grid_y))),
                        dim3(shares.width, shares.height)};
  launch(context, rows ? reduce_rows<Reduction> : reduce_columns<Reduction>, size, reduction, shares, partial);
  if (partial == nullptr) return;
  const std::int64_t count_step = rows ? 1 : outputs, output_step = rows ? shares.chunks : 1;
  if constexpr (IsPartials<Reduction>::value) {
    Reduction again = reduction;
    again.partial = partial;
    again.count_step = count_step;
    again.output_step = output_step;
    run(context, again, shares.chunks, outputs, order);
  } else {
    const Partials<Reduction> left{reduction, partial, count_step, output_step};
    run(context, OneByOne<Partials<Reduction>>(left), shares.chunks, outputs, order);
  }
}

}  // namespace reduce_detail

/// Reduces `count` > 0 values to each of `outputs` results.
template <class Reduction>
void reduce(CudaContext& context, const Reduction& reduction, std::int64_t count, std::int64_t outputs,
            ReduceOrder order) {
  if constexpr (reduce_detail::ReadsPackets<Reduction>) {
    reduce_detail::run(context, reduction, count, outputs, order);
  } else {
    reduce_detail::run(context, reduce_detail::OneByOne<Reduction>(reduction), count, outputs, order);
  }
}

}  // namespace ebb::kernels
