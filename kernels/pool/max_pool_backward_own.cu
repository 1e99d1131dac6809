#include "ebb/core/dispatch.h"
#include "ebb/kernels/pool/places.cuh"
#include "ebb/kernels/pool/pool_index.h"
#include "ebb/kernels/pool/pool_own.h"

namespace ebb::kernels {
namespace {

using pooling::filled;
using pooling::Grid;
using pooling::Place;
using pooling::Sizes;
using pooling::Tiles;

// Each element of x asks the windows that it lies in, in the order of their numbers, whether they chose it. No atomics,
// so the order of the additions is fixed.

/// Adds what a window gives to the element that is its number `tap` and the image's number `position`.
template <int n, class T, class Index>
__device__ void add_chosen(Packet<OpMath<T>, n>& sum, const Packet<T, n>& dy, const Packet<Index, n>& index, int tap,
                           std::int64_t position) {
  for (int i = 0; i < n; ++i) {
    const bool is_chosen = sizeof(Index) == 1 ? static_cast<int>(index.element[i]) == tap
                                              : static_cast<std::int64_t>(index.element[i]) == position;
    if (is_chosen) sum.element[i] += widened(dy.element[i]);
  }
}

/// Divisions by what is known before the launch.
struct Steps {
  Divider stride[2], dilation[2];
  explicit Steps(const PoolGeometry& g)
      : stride{Divider(g.stride[0]), Divider(g.stride[1])}, dilation{Divider(g.dilation[0]), Divider(g.dilation[1])} {}
};

/// The windows along one dimension that may hold a position; those that reach over it between two elements do not.
struct Holders {
  int first, last;

  __device__ Holders(const Sizes& s, const Steps& steps, int dim, int position, int count) {
    const int shifted = position + s.padding[dim], reach = (s.kernel[dim] - 1) * s.dilation[dim] + 1;
    last = min(static_cast<int>(steps.stride[dim].quotient(shifted)), count - 1);
    first = shifted < reach ? 0 : static_cast<int>(steps.stride[dim].quotient(shifted - reach)) + 1;
  }
};

/// For windows of any kind: elements of x in rows of threads, whose threads take the packets of channels in turns, so
/// that which windows an element may lie in is found once for all of them.
template <int n, class T, class Index>
__global__ void max_pool_backward(Sizes s, Steps steps, Grid grid, std::int64_t packets, const T* dy,
                                  const Index* indices, T* dx) {
  const std::int64_t element = static_cast<std::int64_t>(blockIdx.x) * blockDim.y + threadIdx.y;
  if (element >= grid.threads) return;
  const Place at = grid.place(element, 1);
  const Holders rows(s, steps, 0, at.row, s.pooled_height), columns(s, steps, 1, at.column, s.pooled_width);
  const std::int64_t position = static_cast<std::int64_t>(at.row) * s.width + at.column;
  for (std::int64_t packet = threadIdx.x; packet < packets; packet += blockDim.x) {
    auto sum = filled<OpMath<T>, n>(0);
    for (int row = rows.first; row <= rows.last; ++row) {
      std::int64_t r = at.row + s.padding[0] - row * s.stride[0];
      if (steps.dilation[0].split(r) != 0) continue;
      for (int column = columns.first; column <= columns.last; ++column) {
        std::int64_t q = at.column + s.padding[1] - column * s.stride[1];
        if (steps.dilation[1].split(q) != 0) continue;
        const std::int64_t from = s.window(at.image, row, column, packet * n);
        add_chosen(sum, load_packet<T, n>(dy + from), load_packet<Index, n>(indices + from),
                   static_cast<int>(r) * s.kernel[1] + static_cast<int>(q), position);
      }
    }
    store_global(dx + (element * packets + packet) * n, rounded<T>(sum));
  }
}

/// n channels of a tile of x a thread, for k * k elements without dilation: the windows are loaded once for all of the
/// tile, and which element of a window each of the tile's is, is known to the compiler.
template <int n, int k, int stride, class T, class Index>
__global__ void max_pool_backward_square(Sizes s, Tiles tiles, Grid grid, const T* dy, const Index* indices, T* dx) {
  constexpr int holders = (k + stride - 1) / stride;  // along one dimension
  const std::int64_t thread = thread_index();
  if (thread >= grid.threads) return;
  const Place at = grid.place(thread, n);
  const int last_row = at.row + tiles.first_row, last_column = at.column + tiles.first_column;
  Packet<T, n> from[holders][holders];
  Packet<Index, n> index[holders][holders];
#pragma unroll
  for (int a = 0; a < holders; ++a) {
#pragma unroll
    for (int b = 0; b < holders; ++b) {
      const int row = last_row - a, column = last_column - b;
      const bool is_there = s.has_window(row, column);
      const std::int64_t window = s.window(at.image, row, column, at.channel);
      from[a][b] = is_there ? load_packet<T, n>(dy + window) : filled<T, n>(0);
      index[a][b] = is_there ? load_packet<Index, n>(indices + window) : filled<Index, n>(no_element<Index>);
    }
  }
#pragma unroll
  for (int i = 0; i < stride; ++i) {
#pragma unroll
    for (int j = 0; j < stride; ++j) {
      const int row = last_row * stride - s.padding[0] + i, column = last_column * stride - s.padding[1] + j;
      const std::int64_t position = static_cast<std::int64_t>(row) * s.width + column;
      auto sum = filled<OpMath<T>, n>(0);
#pragma unroll
      for (int a = holders - 1; a >= 0; --a) {
#pragma unroll
        for (int b = holders - 1; b >= 0; --b) {
          const int r = i + a * stride, q = j + b * stride;
          if (r < k && q < k) add_chosen(sum, from[a][b], index[a][b], r * k + q, position);
        }
      }
      if (s.has(row, column)) store_global(dx + s.pixel(at.image, row, column, at.channel), rounded<T>(sum));
    }
  }
}

}  // namespace

void own_max_pool2d_backward(CudaContext& context, const Tensor& dy, const Tensor& indices, const PoolGeometry& g,
                             Tensor& dx) {
  if (dx.numel() == 0) return;
  const Sizes s(dx, dy, g);
  pooling::visit_images(dx, dy, indices, [&]<int n, class T, class Index>() {
    pooling::visit_window<T, n>(g, [&](auto kernel, auto stride) {
      constexpr int k = decltype(kernel)::value, step = decltype(stride)::value;
      if constexpr (k > 0) {
        const Tiles tiles(s, step);
        const Grid grid(s.batch, tiles.rows, tiles.columns, s.channels / n);
        launch(context, max_pool_backward_square<n, k, step, T, Index>, threads_for(grid.threads), s, tiles, grid,
               dy.data<T>(), indices.data<Index>(), dx.data<T>());
      } else {
        const std::int64_t packets = s.channels / n;
        const Grid elements(s.batch, s.height, s.width, 1);
        launch(context, max_pool_backward<n, T, Index>, pooling::elements_in_rows(elements, packets), s, Steps(g),
               elements, packets, dy.data<T>(), indices.data<Index>(), dx.data<T>());
      }
    });
  });
}

}  // namespace ebb::kernels
