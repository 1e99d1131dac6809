#include "ebb/kernels/pool/pool_own.h"

#include <limits>

#include "ebb/core/dispatch.h"
#include "ebb/kernels/cuda/divider.h"
#include "ebb/kernels/cuda/launch.cuh"
#include "ebb/kernels/cuda/packet.cuh"

namespace ebb::kernels {
namespace {

/// Sizes of a pooling; the channels of a position follow each other in memory.
struct Pooling {
  std::int64_t batch, channels;
  int height, width, pooled_height, pooled_width;
  int kernel[2], stride[2], padding[2], dilation[2];
};

/// Which channels of which position a thread works at.
struct Place {
  std::int64_t image, channel;
  int row, column;
};

/// Splits a thread's number by (positions of an image, groups of channels).
struct Grid {
  Divider groups, columns, rows;
  std::int64_t threads;

  Grid(std::int64_t batch, std::int64_t row_count, std::int64_t column_count, std::int64_t group_count)
      : groups(group_count),
        columns(column_count),
        rows(row_count),
        threads(batch * row_count * column_count * group_count) {}

  __device__ Place place(std::int64_t thread, int group_size) const {
    const std::int64_t channel = groups.split(thread) * group_size;
    const auto column = static_cast<int>(columns.split(thread)), row = static_cast<int>(rows.split(thread));
    return {thread, channel, row, column};
  }
};

/// One window for n neighbouring channels, a thread.
template <int n, class T>
__global__ void max_pool(Pooling p, Grid grid, const T* x, T* y, std::int64_t* indices) {
  const std::int64_t thread = thread_index();
  if (thread >= grid.threads) return;
  const Place at = grid.place(thread, n);
  Packet<T, n> best;
  Packet<std::int64_t, n> index;
  for (int i = 0; i < n; ++i) best.element[i] = -std::numeric_limits<T>::infinity(), index.element[i] = -1;
  const T* image = x + at.image * p.height * p.width * p.channels + at.channel;
  for (int r = 0; r < p.kernel[0]; ++r) {
    const int row = at.row * p.stride[0] - p.padding[0] + r * p.dilation[0];
    if (row < 0 || row >= p.height) continue;
    for (int q = 0; q < p.kernel[1]; ++q) {
      const int column = at.column * p.stride[1] - p.padding[1] + q * p.dilation[1];
      if (column < 0 || column >= p.width) continue;
      const std::int64_t position = static_cast<std::int64_t>(row) * p.width + column;
      const auto values = load_packet<T, n>(image + position * p.channels);
      for (int i = 0; i < n; ++i) {
        const T value = values.element[i], most = best.element[i];
        const bool wins = value > most || (value != value && most == most) || index.element[i] < 0;
        if (wins) best.element[i] = value, index.element[i] = position;
      }
    }
  }
  const std::int64_t to =
      ((at.image * p.pooled_height + at.row) * p.pooled_width + at.column) * p.channels + at.channel;
  store_packet(y + to, best);
  store_packet(indices + to, index);
}

/// One element of x a thread: it asks each window that it is in whether it was chosen. No atomics, so the order of
/// the additions is fixed.
template <class T>
__global__ void max_pool_backward(Pooling p, Grid grid, const T* dy, const std::int64_t* indices, T* dx) {
  const std::int64_t thread = thread_index();
  if (thread >= grid.threads) return;
  const Place at = grid.place(thread, 1);
  const std::int64_t position = static_cast<std::int64_t>(at.row) * p.width + at.column;
  T sum = 0;
  for (int r = p.kernel[0] - 1; r >= 0; --r) {
    const int below = at.row + p.padding[0] - r * p.dilation[0], row = below / p.stride[0];
    if (below < 0 || below % p.stride[0] != 0 || row >= p.pooled_height) continue;
    for (int q = p.kernel[1] - 1; q >= 0; --q) {
      const int right = at.column + p.padding[1] - q * p.dilation[1], column = right / p.stride[1];
      if (right < 0 || right % p.stride[1] != 0 || column >= p.pooled_width) continue;
      const std::int64_t from =
          ((at.image * p.pooled_height + row) * p.pooled_width + column) * p.channels + at.channel;
      if (indices[from] == position) sum += dy[from];
    }
  }
  dx[thread] = sum;
}

/// y in the order of its memory, one element a thread.
template <class T>
__global__ void gather(Grid grid, std::int64_t channels, std::int64_t image_size, const T* x,
                       const std::int64_t* indices, T* y) {
  const std::int64_t thread = thread_index();
  if (thread >= grid.threads) return;
  const Place at = grid.place(thread, 1);
  const std::int64_t index = indices[thread];
  y[thread] = index < 0 ? T(0) : x[at.image * image_size + index * channels + at.channel];
}

Pooling pooling(const Tensor& x, const Tensor& y, const PoolGeometry& g) {
  const auto pair = [](const std::array<std::int64_t, 2>& from, int(&to)[2]) {
    to[0] = static_cast<int>(from[0]);
    to[1] = static_cast<int>(from[1]);
  };
  Pooling p{x.size(0),
            x.size(1),
            static_cast<int>(x.size(2)),
            static_cast<int>(x.size(3)),
            static_cast<int>(y.size(2)),
            static_cast<int>(y.size(3)),
            {},
            {},
            {},
            {}};
  pair(g.kernel, p.kernel);
  pair(g.stride, p.stride);
  pair(g.padding, p.padding);
  pair(g.dilation, p.dilation);
  return p;
}

template <int n, class T>
void launch_max_pool(CudaContext& context, const Pooling& p, const Tensor& x, Tensor& y, Tensor& indices) {
  const Grid grid(p.batch, p.pooled_height, p.pooled_width, p.channels / n);
  launch(context, max_pool<n, T>, threads_for(grid.threads), p, grid, x.data<T>(), y.data<T>(),
         indices.data<std::int64_t>());
}

}  // namespace

void own_max_pool2d(CudaContext& context, const Tensor& x, const PoolGeometry& geometry, Tensor& y, Tensor& indices) {
  if (y.numel() == 0) return;
  const Pooling p = pooling(x, y, geometry);
  visit_float(x.dtype(), [&]<class T>() {
    constexpr int n = 16 / sizeof(T);
    const bool aligned =
        is_aligned<n>(x.data<T>()) && is_aligned<n>(y.data<T>()) && is_aligned<n>(indices.data<std::int64_t>());
    if (p.channels % n == 0 && aligned) {
      launch_max_pool<n, T>(context, p, x, y, indices);
    } else {
      launch_max_pool<1, T>(context, p, x, y, indices);
    }
  });
}

void own_max_pool2d_backward(CudaContext& context, const Tensor& dy, const Tensor& indices,
                             const PoolGeometry& geometry, Tensor& dx) {
  if (dx.numel() == 0) return;
  const Pooling p = pooling(dx, dy, geometry);
  const Grid grid(p.batch, p.height, p.width, p.channels);
  visit_float(dx.dtype(), [&]<class T>() {
    launch(context, max_pool_backward<T>, threads_for(grid.threads), p, grid, dy.data<T>(),
           indices.data<std::int64_t>(), dx.data<T>());
  });
}

void own_max_pool2d_gather(CudaContext& context, const Tensor& x, const Tensor& indices, Tensor& y) {
  if (y.numel() == 0) return;
  const Grid grid(y.size(0), y.size(2), y.size(3), y.size(1));
  const std::int64_t image_size = x.size(1) * x.size(2) * x.size(3);
  visit_float(x.dtype(), [&]<class T>() {
    launch(context, gather<T>, threads_for(grid.threads), grid, x.size(1), image_size, x.data<T>(),
           indices.data<std::int64_t>(), y.data<T>());
  });
}

}  // namespace ebb::kernels
