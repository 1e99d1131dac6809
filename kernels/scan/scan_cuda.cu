#include "ebb/kernels/scan/scan.h"

#include "ebb/core/dispatch.h"
#include "ebb/kernels/cuda/walk.h"
#include "ebb/kernels/reduce/reduction_plan.h"
#include "ebb/kernels/scan/line_parts.cuh"

namespace ebb::kernels {
namespace {

using namespace scan;

/// A line a thread: neighbouring threads read neighbouring elements where the lines lie side by side.
template <class T, class R>
__global__ void sum_along_line(Walk<2> lines, std::int64_t count, Line line, const T* x, R* y) {
  const std::int64_t i = thread_index();
  if (i >= count) return;
  const auto at = lines(i);
  x += at.of[0];
  y += at.of[1];
  constexpr int n = neighbours<Lie::any, T>;
  TotalOf<T> total = 0;
  for (std::int64_t first = 0; first < line.size; first += n) {
    const int left = static_cast<int>(min(line.size - first, static_cast<std::int64_t>(n)));
    auto packet = load_along<Lie::any>(x + first * line.x_step, 0, left, line.x_step);
    Packet<R, n> sums;
    for (int j = 0; j < n; ++j) {
      total = plus(total, packet.element[j]);
      sums.element[j] = stored<R>(total);
    }
    store_along<Lie::any>(y + first * line.y_step, 0, left, line.y_step, sums);
  }
}

/// A line a warp.
template <Lie lie, class T, class R>
__global__ void scan_short(Walk<2> lines, std::int64_t count, Line line, const T* x, R* y) {
  constexpr int of_warp = together * neighbours<lie, T> * warp_size;
  const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.y + threadIdx.y;
  if (i >= count) return;
  const auto at = lines(i);
  x += at.of[0];
  y += at.of[1];
  TotalOf<T> before = 0;
#pragma unroll 1
  for (int left = static_cast<int>(line.size); left > 0; left -= of_warp) {
    Part<lie, T> part(x, left, line.x_step);
#pragma unroll
    for (int j = 0; j < together; ++j) {
      const auto sum = part.scan_in_warp(j);
      part.before[j] += before;
      before += sum;
    }
    part.store(y, left, line.y_step);
    x += of_warp * line.x_step;
    y += of_warp * line.y_step;
  }
}

/// How lines are cut: each into `count` chunks of `size` elements, of which a block takes one, piece by piece.
struct Chunks {
  Chunks(std::int64_t lines, std::int64_t length, std::int64_t piece) {
    constexpr std::int64_t blocks_to_fill = 1024;  // a large GPU
    const std::int64_t pieces = (length + piece - 1) / piece;
    const std::int64_t most = std::max<std::int64_t>(1, blocks_to_fill / lines);
    size = (pieces + most - 1) / most * piece;
    count = Divider((length + size - 1) / size);
  }

  Divider count;
  std::int64_t size;
};

/// The chunk of a block: where it begins, and how many elements the line has from there on.
struct Chunk {
  std::int64_t line, number, first, left;

  __device__ Chunk(const Chunks& chunks, std::int64_t length) : line(blockIdx.x) {
    number = chunks.count.split(line);
    first = number * chunks.size;
    left = min(length - first, chunks.size);
  }
};

/// The elements of a piece that are there, of `left`.
template <Lie lie, class T>
__device__ int in_piece(std::int64_t left) {
  return static_cast<int>(min(left, static_cast<std::int64_t>(piece<lie, T>)));
}

inline constexpr int warps = block_size / warp_size;
static_assert(together * warps == warp_size, "a warp scans what the warps of a block leave");

/// The sums of the packets of each warp, or of those before, and of all.
template <class Total>
struct BlockSums {
  Total of[together][warps], all;
};

/// The sum of the values of a block's threads, in a fixed order; all of them get it.
template <class Total>
__device__ Total sum_in_block(Total value, BlockSums<Total>& shared) {
  value = warp_reduce(value, [](Total a, Total b) { return a + b; });
  if (threadIdx.x % warp_size == 0) shared.of[0][threadIdx.x / warp_size] = value;
  __syncthreads();
  value = shared.of[0][0];
  for (int w = 1; w < warps; ++w) value += shared.of[0][w];
  __syncthreads();
  return value;
}

/// The sum of each chunk, to totals[block].
template <Lie lie, class T>
__global__ void sum_chunk(Walk<2> lines, Line line, Chunks chunks, const T* x, TotalOf<T>* totals) {
  const Chunk own(chunks, line.size);
  x += lines(own.line).of[0] + own.first * line.x_step;
  TotalOf<T> sum = 0;
#pragma unroll 1
  for (std::int64_t left = own.left; left > 0; left -= piece<lie, T>, x += piece<lie, T> * line.x_step) {
    const Part<lie, T> part(x, in_piece<lie, T>(left), line.x_step);
#pragma unroll
    for (int j = 0; j < together; ++j) sum += part.sum(j);
  }
  sum = sum_in_block(sum, block_shared<BlockSums<TotalOf<T>>>());
  if (threadIdx.x == 0) totals[blockIdx.x] = sum;
}

/// The sum of `count` totals, a block for it.
template <class Total>
__device__ Total sum_before(const Total* totals, int count, BlockSums<Total>& shared) {
  Total sum = 0;
#pragma unroll 1
  for (int i = static_cast<int>(threadIdx.x); i < count; i += block_size) sum += totals[i];
  return sum_in_block(sum, shared);
}

/// The running sums of each chunk, on top of the totals of those before in its line.
template <Lie lie, class T, class R>
__global__ void __launch_bounds__(block_size, lie == Lie::any ? 1
                                              : is_half<T>    ? 2
                                                              : 3)
    scan_chunk(Walk<2> lines, Line line, Chunks chunks, const TotalOf<T>* totals, const T* x, R* y) {
  using Total = TotalOf<T>;
  auto& shared = block_shared<BlockSums<Total>>();
  const Chunk own(chunks, line.size);
  const auto at = lines(own.line);
  const int lane = static_cast<int>(threadIdx.x) % warp_size, warp = static_cast<int>(threadIdx.x) / warp_size;
  x += at.of[0] + own.first * line.x_step;
  y += at.of[1] + own.first * line.y_step;
  Total before = 0;
#pragma unroll 1
  for (std::int64_t left = own.left; left > 0; left -= piece<lie, T>) {
    Part<lie, T> part(x, in_piece<lie, T>(left), line.x_step);
    if (left == own.left && own.number > 0)
      before = sum_before(totals + blockIdx.x - own.number, static_cast<int>(own.number), shared);
#pragma unroll
    for (int j = 0; j < together; ++j) {
      const Total sum = part.scan_in_warp(j);
      if (lane == 0) shared.of[j][warp] = sum;
    }
    __syncthreads();
    if (warp == 0) {
      const WarpSums<Total> sums((&shared.of[0][0])[lane]);
      (&shared.of[0][0])[lane] = sums.before;
      if (lane == 0) shared.all = sums.all;
    }
    __syncthreads();
#pragma unroll
    for (int j = 0; j < together; ++j) part.before[j] += before + shared.of[j][warp];
    before += shared.all;
    __syncthreads();
    part.store(y, in_piece<lie, T>(left), line.y_step);
    x += piece<lie, T> * line.x_step;
    y += piece<lie, T> * line.y_step;
  }
}

/// Few or long lines: first the sums of the chunks, then all.
template <Lie lie, class T, class R>
void scan_long(CudaContext& context, const Rows<2>& lines, const Line& line, const T* x, R* y) {
  using Total = TotalOf<T>;
  const Chunks chunks(lines.numel, line.size, piece<lie, T>);
  const LaunchSize size{dim3(grid_size(lines.numel * chunks.count.divisor()))};
  const Walk<2> walk(lines);
  Tensor scratch;
  Total* totals = nullptr;
  if (chunks.count.divisor() > 1) {
    const std::int64_t bytes = lines.numel * chunks.count.divisor() * static_cast<std::int64_t>(sizeof(Total));
    scratch = allocate({bytes}, kUInt8, context.device());
    totals = reinterpret_cast<Total*>(scratch.raw_data());
    launch(context, sum_chunk<lie, T>, size, walk, line, chunks, x, totals);
  }
  launch(context, scan_chunk<lie, T, R>, size, walk, line, chunks, totals, x, y);
}

/// How lines lie, operand k of the walk over them, whose first is at `data`.
template <class T>
Lie lie_of(const T* data, std::int64_t step, std::int64_t size, const Rows<2>& lines, std::size_t k) {
  constexpr int n = neighbours<Lie::forward, T>;
  if (step != 1 && (step != -1 || size % n != 0)) return Lie::any;
  if (!is_aligned<n>(step > 0 ? data : data - (n - 1))) return Lie::any;
  for (int d = 0; d < lines.sizes.size(); ++d) {
    if (lines.sizes[d] != 1 && lines.strides[k][d] % n != 0) return Lie::any;
  }
  return step > 0 ? Lie::forward : Lie::backward;
}

template <Lie lie, class T, class R>
void scan_lines(CudaContext& context, const Rows<2>& lines, const Line& line, const T* x, R* y) {
  constexpr std::int64_t enough_for_warps = 1024;  // lines that give the whole GPU work, a warp each
  if (line.size > piece<lie, T> || lines.numel < enough_for_warps) return scan_long<lie>(context, lines, line, x, y);
  constexpr int lines_together = block_size / warp_size;
  const LaunchSize size{dim3(grid_size((lines.numel + lines_together - 1) / lines_together)),
                        dim3(warp_size, lines_together)};
  launch(context, scan_short<lie, T, R>, size, Walk<2>(lines), lines.numel, line, x, y);
}

}  // namespace

void cumsum(CudaContext& context, const Tensor& x, int dim, bool reverse, Tensor& y) {
  constexpr std::int64_t enough_lines = 8192;   // to give the whole GPU work, a line a thread
  constexpr std::int64_t very_short_line = 32;  // less than it takes to give a warp work
  if (x.numel() == 0) return;
  Line line{x.shape()[dim], x.strides()[dim], y.strides()[dim]};
  const bool side_by_side = line.x_step != 1;
  const std::int64_t last = reverse ? line.size - 1 : 0;
  const std::int64_t x_first = last * line.x_step, y_first = last * line.y_step;
  if (reverse) line = {line.size, -line.x_step, -line.y_step};
  const Rows<2> lines = plan_reduction(x, {dim}, y).kept;
  visit_any(x.dtype(), [&]<class T>() {
    using R = std::conditional_t<std::is_floating_point_v<OpMath<T>>, T, std::int64_t>;
    const T* from = x.data<T>() + x_first;
    R* to = y.data<R>() + y_first;
    if (line.size <= very_short_line || (side_by_side && lines.numel >= enough_lines)) {
      launch(context, sum_along_line<T, R>, threads_for(lines.numel), Walk<2>(lines), lines.numel, line, from, to);
      return;
    }
    const Lie lie = lie_of(from, line.x_step, line.size, lines, 0);
    if (lie != lie_of(to, line.y_step, line.size, lines, 1) || lie == Lie::any) {
      scan_lines<Lie::any>(context, lines, line, from, to);
    } else if (lie == Lie::forward) {
      scan_lines<Lie::forward>(context, lines, line, from, to);
    } else {
      scan_lines<Lie::backward>(context, lines, line, from, to);
    }
  });
}

}  // namespace ebb::kernels
