#include "ebb/kernels/scan/scan.h"

#include "ebb/core/dispatch.h"
#include "ebb/kernels/cuda/launch.cuh"
#include "ebb/kernels/cuda/packet.cuh"
#include "ebb/kernels/cuda/shuffle.cuh"
#include "ebb/kernels/cuda/walk.h"
#include "ebb/kernels/reduce/reduction_plan.h"

namespace ebb::kernels {
namespace {

inline constexpr int neighbours = 4;  // elements of a packet
inline constexpr int together = 4;    // packets that a thread loads before it adds them up
inline constexpr std::int64_t chunk = neighbours * together * block_size;  // elements of a block, along one line

/// How to walk along one dimension: backwards where the steps are negative. packed: neighbours go in packets.
struct Line {
  std::int64_t size, x_step, y_step;
  bool x_packed, y_packed;
};

template <class T>
using TotalOf = std::conditional_t<std::is_floating_point_v<T>, double, std::int64_t>;

/// Elements k .. of a line, in the order of the walk, 0 for those behind its end.
template <class T>
__device__ Packet<T, neighbours> load_along(const T* line, std::int64_t k, std::int64_t size, std::int64_t step,
                                            bool packed) {
  Packet<T, neighbours> packet;
  if (packed && k + neighbours <= size) {
    if (step > 0) return load_packet<T, neighbours>(line + k);
    const auto turned = load_packet<T, neighbours>(line - k - (neighbours - 1));
    for (int i = 0; i < neighbours; ++i) packet.element[i] = turned.element[neighbours - 1 - i];
    return packet;
  }
  for (int i = 0; i < neighbours; ++i) packet.element[i] = k + i < size ? line[(k + i) * step] : T(0);
  return packet;
}

template <class R>
__device__ void store_along(R* line, std::int64_t k, std::int64_t size, std::int64_t step, bool packed,
                            const Packet<R, neighbours>& packet) {
  if (packed && k + neighbours <= size) {
    if (step > 0) return store_packet(line + k, packet);
    Packet<R, neighbours> turned;
    for (int i = 0; i < neighbours; ++i) turned.element[i] = packet.element[neighbours - 1 - i];
    return store_packet(line - k - (neighbours - 1), turned);
  }
  for (int i = 0; i < neighbours; ++i) {
    if (k + i < size) line[(k + i) * step] = packet.element[i];
  }
}

/// A line a thread: neighbouring threads read neighbouring elements where the lines lie side by side.
template <class T, class R>
__global__ void sum_along_line(Walk<2> lines, std::int64_t count, Line line, const T* x, R* y) {
  const std::int64_t i = thread_index();
  if (i >= count) return;
  const auto at = lines(i);
  TotalOf<T> total = 0;
  for (std::int64_t k = 0; k < line.size; k += neighbours) {
    const auto packet = load_along(x + at.of[0], k, line.size, line.x_step, false);
    Packet<R, neighbours> sums;
    for (int j = 0; j < neighbours; ++j) {
      sums.element[j] = static_cast<R>(total += static_cast<TotalOf<T>>(packet.element[j]));
    }
    store_along(y + at.of[1], k, line.size, line.y_step, false, sums);
  }
}

/// Packets of a thread, one row of the line's after the other, and what comes before each.
template <class T>
struct Part {
  using Total = TotalOf<T>;
  Packet<T, neighbours> packet[together];
  Total before[together];

  __device__ static std::int64_t place(int j) {
    return (static_cast<std::int64_t>(j) * blockDim.x + threadIdx.x) * neighbours;
  }

  __device__ Part(const T* x, std::int64_t first, const Line& line) {
#pragma unroll
    for (int j = 0; j < together; ++j) {
      packet[j] = load_along(x, first + place(j), line.size, line.x_step, line.x_packed);
    }
  }

  __device__ Total sum(int j) const {
    Total sum = 0;
    for (int i = 0; i < neighbours; ++i) sum += static_cast<Total>(packet[j].element[i]);
    return sum;
  }

  /// Sets `before`[j] to the sum of what the threads before in the warp hold of row j; returns the warp's sum.
  __device__ Total scan_in_warp(int j) {
    const int lane = static_cast<int>(threadIdx.x) % warp_size;
    Total up_to = sum(j);
    for (int delta = 1; delta < warp_size; delta *= 2) {
      const Total other = shuffle_up(up_to, delta);
      if (lane >= delta) up_to += other;
    }
    const Total previous = shuffle_up(up_to, 1);
    before[j] = lane > 0 ? previous : Total(0);
    return shuffle_from(up_to, warp_size - 1);
  }

  template <class R>
  __device__ void store(R* y, std::int64_t first, const Line& line) const {
#pragma unroll
    for (int j = 0; j < together; ++j) {
      Total total = before[j];
      Packet<R, neighbours> sums;
      for (int i = 0; i < neighbours; ++i) {
        sums.element[i] = static_cast<R>(total += static_cast<Total>(packet[j].element[i]));
      }
      store_along(y, first + place(j), line.size, line.y_step, line.y_packed, sums);
    }
  }
};

/// A line a warp.
template <class T, class R>
__global__ void scan_short(Walk<2> lines, std::int64_t count, Line line, const T* x, R* y) {
  const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.y + threadIdx.y;
  if (i >= count) return;
  const auto at = lines(i);
  TotalOf<T> before = 0;
  for (std::int64_t first = 0; first < line.size; first += together * neighbours * warp_size) {
    Part<T> part(x + at.of[0], first, line);
#pragma unroll
    for (int j = 0; j < together; ++j) {
      const auto sum = part.scan_in_warp(j);
      part.before[j] += before;
      before += sum;
    }
    part.store(y + at.of[1], first, line);
  }
}

template <class Total>
struct WarpTotals {
  Total of[together][block_size / warp_size];
};

/// The sum of each chunk of a line, a block for each.
template <class T>
__global__ void sum_chunk(Walk<2> lines, Line line, std::int64_t chunks, const T* x, TotalOf<T>* totals) {
  using Total = TotalOf<T>;
  auto& shared = block_shared<WarpTotals<Total>>();
  const auto at = lines(blockIdx.x / chunks);
  const Part<T> part(x + at.of[0], blockIdx.x % chunks * chunk, line);
  Total sum = 0;
#pragma unroll
  for (int j = 0; j < together; ++j) sum += part.sum(j);
  sum = warp_reduce(sum, [](Total a, Total b) { return a + b; });
  if (threadIdx.x % warp_size == 0) shared.of[0][threadIdx.x / warp_size] = sum;
  __syncthreads();
  if (threadIdx.x > 0) return;
  for (int w = 1; w < block_size / warp_size; ++w) sum += shared.of[0][w];
  totals[blockIdx.x] = sum;
}

/// The running sums of a chunk, a block for each, on top of that of the chunks before, totals[block - 1], where there
/// are several.
template <class T, class R>
__global__ void scan_chunk(Walk<2> lines, Line line, std::int64_t chunks, const TotalOf<T>* totals, const T* x, R* y) {
  auto& shared = block_shared<WarpTotals<TotalOf<T>>>();
  const std::int64_t of_line = blockIdx.x % chunks;
  const auto at = lines(blockIdx.x / chunks);
  const int lane = static_cast<int>(threadIdx.x) % warp_size, warp = static_cast<int>(threadIdx.x) / warp_size;
  TotalOf<T> before = of_line > 0 ? totals[blockIdx.x - 1] : TotalOf<T>(0);
  Part<T> part(x + at.of[0], of_line * chunk, line);
#pragma unroll
  for (int j = 0; j < together; ++j) {
    const auto sum = part.scan_in_warp(j);
    if (lane == 0) shared.of[j][warp] = sum;
  }
  __syncthreads();
#pragma unroll
  for (int j = 0; j < together; ++j) {
    for (int w = 0; w < block_size / warp_size; ++w) {
      if (w == warp) part.before[j] += before;
      before += shared.of[j][w];
    }
  }
  part.store(y + at.of[1], of_line * chunk, line);
}

/// Lines of several chunks: first the sums of the chunks, then their running sums, in the same way, then all.
template <class T, class R>
void scan_in_chunks(CudaContext& context, const Walk<2>& lines, std::int64_t count, const Line& line, const T* x,
                    R* y) {
  using Total = TotalOf<T>;
  const std::int64_t chunks = (line.size + chunk - 1) / chunk;
  const LaunchSize size{dim3(grid_size(count * chunks))};
  Tensor scratch;
  Total* totals = nullptr;
  if (chunks > 1) {
    scratch = allocate({count, chunks}, std::is_same_v<Total, double> ? kFloat64 : kInt64, context.device());
    totals = scratch.data<Total>();
    launch(context, sum_chunk<T>, size, lines, line, chunks, x, totals);
    const Rows<2> rows{.sizes = {count}, .strides = {Strides{chunks}, Strides{chunks}}, .numel = count};
    const bool packed = count == 1 || chunks % neighbours == 0;
    scan_in_chunks<Total, Total>(context, Walk<2>(rows), count, {chunks, 1, 1, packed, packed}, totals, totals);
  }
  launch(context, scan_chunk<T, R>, size, lines, line, chunks, totals, x, y);
}

/// Whether packets along all lines are aligned, of operand k of the walk over the lines, whose first is at `data`.
template <class T>
bool lie_packed(const T* data, std::int64_t step, std::int64_t size, const Rows<2>& lines, std::size_t k) {
  const T* first = step > 0 ? data : data - (neighbours - 1);
  bool fits = (step == 1 || (step == -1 && size % neighbours == 0)) && is_aligned<neighbours>(first);
  for (int d = 0; d < lines.sizes.size(); ++d) {
    fits = fits && (lines.sizes[d] == 1 || lines.strides[k][d] % neighbours == 0);
  }
  return fits;
}

}  // namespace

void cumsum(CudaContext& context, const Tensor& x, int dim, bool reverse, Tensor& y) {
  constexpr std::int64_t enough_lines = 8192;  // to give the whole GPU work, a line a thread
  constexpr std::int64_t enough_for_warps = 1024;
  constexpr std::int64_t very_short_line = 32;  // less than it takes to give a warp work
  if (x.numel() == 0) return;
  Line line{x.shape()[dim], x.strides()[dim], y.strides()[dim], false, false};
  const bool side_by_side = line.x_step != 1;
  const std::int64_t last = reverse ? line.size - 1 : 0;
  const std::int64_t x_first = last * line.x_step, y_first = last * line.y_step;
  if (reverse) line = {line.size, -line.x_step, -line.y_step, false, false};
  const Rows<2> lines = plan_reduction(x, {dim}, y).kept;
  visit_number(x.dtype(), [&]<class T>() {
    using R = std::conditional_t<std::is_floating_point_v<T>, T, std::int64_t>;
    const T* from = x.data<T>() + x_first;
    R* to = y.data<R>() + y_first;
    line.x_packed = lie_packed(from, line.x_step, line.size, lines, 0);
    line.y_packed = lie_packed(to, line.y_step, line.size, lines, 1);
    if (line.size <= very_short_line || (side_by_side && lines.numel >= enough_lines)) {
      launch(context, sum_along_line<T, R>, threads_for(lines.numel), Walk<2>(lines), lines.numel, line, from, to);
    } else if (line.size <= chunk && lines.numel >= enough_for_warps) {
      constexpr int lines_together = block_size / warp_size;
      const LaunchSize size{dim3(grid_size((lines.numel + lines_together - 1) / lines_together)),
                            dim3(warp_size, lines_together)};
      launch(context, scan_short<T, R>, size, Walk<2>(lines), lines.numel, line, from, to);
    } else {
      scan_in_chunks<T, R>(context, Walk<2>(lines), lines.numel, line, from, to);
    }
  });
}

}  // namespace ebb::kernels
