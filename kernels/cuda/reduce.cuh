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
//   static constexpr int packet
//   using Raw                                 `packet` neighbours as they lie in memory
//   bool packed                               whether they may be read together
//   Line line(output) const                   where the values of an output lie
//   Place along(line, i) const                where value i lies
//   Raw along_some(line, i, end) const        those from i on, one by one, before end
//   Raw read(place) const                     a packet from there on: all places are known before the first is read
//   Value value(raw, k, count_index) const    of neighbour k
// and, where several values are combined in fewer steps than one by one,
//   Value of_packet(raw) const                of all in a packet
// and, where outputs may be neighbours in memory,
//   Lines lines(output, count) const          where those of `count` neighbouring outputs lie
//   Place across(lines, i) const              where value i of the first one lies
//   Raw across_some(lines, count, i) const    value i of each of the first `count`, one by one

namespace ebb::kernels {

/// Which of a reduction's two indices walks memory in order.
enum class ReduceOrder { count_is_inner, output_is_inner };

namespace reduce_detail {

inline constexpr int in_flight = 4;  // packets that a thread loads before it combines them

template <class Reduction>
struct OneByOne : Reduction {
  using Value = typename Reduction::Value;
  using Raw = Value;
  struct Place {
    std::int64_t output, i;
  };
  static constexpr int packet = 1;
  static constexpr bool packed = true;

  explicit OneByOne(const Reduction& reduction) : Reduction(reduction) {}

  __device__ std::int64_t line(std::int64_t output) const { return output; }
  __device__ std::int64_t lines(std::int64_t output, int) const { return output; }
  __device__ Place along(std::int64_t output, std::int64_t i) const { return {output, i}; }
  __device__ Raw along_some(std::int64_t output, std::int64_t i, std::int64_t) const { return this->load(i, output); }
  __device__ Place across(std::int64_t output, std::int64_t i) const { return {output, i}; }
  __device__ Raw across_some(std::int64_t output, int, std::int64_t i) const { return this->load(i, output); }
  __device__ Raw read(const Place& place) const { return this->load(place.i, place.output); }
  __device__ Value value(const Raw& raw, int, std::int64_t) const { return raw; }
};

template <class Reduction>
concept ReadsPackets = requires {
  typename Reduction::Raw;
};

template <class Reduction>
concept CombinesPackets = requires(const Reduction& reduction, const typename Reduction::Raw& raw) {
  reduction.of_packet(raw);
};

template <class Reduction>
concept ReadsColumns = requires(const Reduction& reduction) {
  reduction.across(reduction.lines(0, 1), 0);
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

/// The combination of `count` values from `begin` on, of an output, that fall to this thread, one of blockDim.x.
template <class Reduction>
__device__ typename Reduction::Value reduce_line(const Reduction& reduction, std::int64_t output, std::int64_t begin,
                                                 int count) {
  using Raw = typename Reduction::Raw;
  constexpr int n = Reduction::packet, sums = n < 4 ? n : 4;
  typename Reduction::Value sum[sums];
  for (int k = 0; k < sums; ++k) sum[k] = reduction.identity();
  const auto add = [&](const Raw& raw, int k, int place) {
    sum[k % sums] = reduction.combine(sum[k % sums], reduction.value(raw, k, begin + place + k));
  };
  const auto line = reduction.line(output);
  const int step = static_cast<int>(blockDim.x) * n, first = static_cast<int>(threadIdx.x) * n;
  const int whole = reduction.packed ? count / n * n : 0;
  int place = first;
  for (; place + (in_flight - 1) * step < whole; place += in_flight * step) {
    typename Reduction::Place places[in_flight];
#pragma unroll
    for (int u = 0; u < in_flight; ++u) places[u] = reduction.along(line, begin + place + u * step);
    Raw raw[in_flight];
#pragma unroll
    for (int u = 0; u < in_flight; ++u) raw[u] = reduction.read(places[u]);
#pragma unroll
    for (int u = 0; u < in_flight; ++u) {
      if constexpr (CombinesPackets<Reduction>) {
        sum[u % sums] = reduction.combine(sum[u % sums], reduction.of_packet(raw[u]));
      } else {
#pragma unroll
        for (int k = 0; k < n; ++k) add(raw[u], k, place + u * step);
      }
    }
  }
#pragma unroll 1
  for (; place < whole; place += step) {
    const Raw raw = reduction.read(reduction.along(line, begin + place));
#pragma unroll
    for (int k = 0; k < n; ++k) add(raw, k, place);
  }
  const bool takes_rest = whole > 0 && whole % step != first;
#pragma unroll 1
  for (place = takes_rest ? count : whole > 0 ? whole : first; place < count; place += step) {
    const Raw raw = reduction.along_some(line, begin + place, begin + count);
#pragma unroll
    for (int k = 0; k < n; ++k) {
      if (place + k < count) add(raw, k, place);
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
    auto value = reduction.identity();
    if (output < shares.outputs) value = reduce_line(reduction, output, chunk * shares.chunk, shares.size_of(chunk));
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

/// The combinations of `rows` values from `begin` on, of `count` neighbouring outputs, that fall to this thread, one of
/// blockDim.y.
template <class Reduction>
__device__ void reduce_lines(const Reduction& reduction, std::int64_t output, int count, std::int64_t begin, int rows,
                             typename Reduction::Value* sum) {
  using Raw = typename Reduction::Raw;
  constexpr int n = Reduction::packet;
  const auto lines = reduction.lines(output, count);
  const auto add = [&](const Raw& raw, int row) {
#pragma unroll
    for (int k = 0; k < n; ++k) sum[k] = reduction.combine(sum[k], reduction.value(raw, k, begin + row));
  };
  const int step = static_cast<int>(blockDim.y), first = static_cast<int>(threadIdx.y);
  if (!reduction.packed || count < n) {
#pragma unroll 1
    for (int row = first; row < rows; row += step) add(reduction.across_some(lines, count, begin + row), row);
    return;
  }
  int row = first;
  for (; row + (in_flight - 1) * step < rows; row += in_flight * step) {
    typename Reduction::Place places[in_flight];
#pragma unroll
    for (int u = 0; u < in_flight; ++u) places[u] = reduction.across(lines, begin + row + u * step);
    Raw raw[in_flight];
#pragma unroll
    for (int u = 0; u < in_flight; ++u) raw[u] = reduction.read(places[u]);
#pragma unroll
    for (int u = 0; u < in_flight; ++u) add(raw[u], row + u * step);
  }
#pragma unroll 1
  for (; row < rows; row += step) add(reduction.read(reduction.across(lines, begin + row)), row);
}

/// Neighbouring threads take neighbouring packets of outputs; blockDim.y threads divide the rows of a chunk.
template <class Reduction>
__global__ void reduce_columns(Reduction reduction, Shares shares, typename Reduction::Value* partial) {
  constexpr int n = Reduction::packet;
  auto& shared = block_shared<ColumnResults<Reduction>>();
  const std::int64_t output = (static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x) * n;
  const int count = static_cast<int>(min(shares.outputs - output, static_cast<std::int64_t>(n)));
  const unsigned thread = threadIdx.y * blockDim.x + threadIdx.x;
  for (std::int64_t chunk = blockIdx.y; chunk < shares.chunks; chunk += gridDim.y) {
    typename Reduction::Value sum[n];
#pragma unroll
    for (int k = 0; k < n; ++k) sum[k] = reduction.identity();
    if (count > 0) reduce_lines(reduction, output, count, chunk * shares.chunk, shares.size_of(chunk), sum);
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
      if (k >= count) continue;
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
  auto* function = reduce_rows<Reduction>;
  if constexpr (ReadsColumns<Reduction>) {
    if (!rows) function = reduce_columns<Reduction>;
  }
  launch(context, function, size, reduction, shares, partial);
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
