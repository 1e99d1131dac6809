#pragma once

#include <algorithm>
#include <bit>

#include "ebb/core/dispatch.h"
#include "ebb/core/tensor.h"
#include "ebb/kernels/cuda/divider.h"
#include "ebb/kernels/cuda/half.cuh"
#include "ebb/kernels/cuda/launch.cuh"
#include "ebb/kernels/cuda/packet.cuh"
#include "ebb/kernels/cuda/visit_packet.cuh"
#include "ebb/kernels/pool/pool.h"
#include "ebb/kernels/pool/pool_index.h"

// What the kernels of pooling share: how their threads are shared out over channels-last images.

namespace ebb::kernels::pooling {

/// Sizes of a pooling of x to y; the channels of a position follow each other in memory.
struct Sizes {
  std::int64_t batch, channels;
  int height, width, pooled_height, pooled_width;
  int kernel[2], stride[2], padding[2], dilation[2];

  Sizes(const Tensor& x, const Tensor& y, const PoolGeometry& g)
      : batch(x.size(0)),
        channels(x.size(1)),
        height(static_cast<int>(x.size(2))),
        width(static_cast<int>(x.size(3))),
        pooled_height(static_cast<int>(y.size(2))),
        pooled_width(static_cast<int>(y.size(3))) {
    for (std::size_t i = 0; i < 2; ++i) {
      kernel[i] = static_cast<int>(g.kernel[i]);
      stride[i] = static_cast<int>(g.stride[i]);
      padding[i] = static_cast<int>(g.padding[i]);
      dilation[i] = static_cast<int>(g.dilation[i]);
    }
  }

  __device__ bool has(int row, int column) const {
    return static_cast<unsigned>(row) < static_cast<unsigned>(height) &&
           static_cast<unsigned>(column) < static_cast<unsigned>(width);
  }
  __device__ bool has_window(int row, int column) const {
    return static_cast<unsigned>(row) < static_cast<unsigned>(pooled_height) &&
           static_cast<unsigned>(column) < static_cast<unsigned>(pooled_width);
  }
  /// The place in x, or its gradient, of a channel of a position.
  __device__ std::int64_t pixel(std::int64_t image, int row, int column, std::int64_t channel) const {
    return ((image * height + row) * width + column) * channels + channel;
  }
  /// The same in y.
  __device__ std::int64_t window(std::int64_t image, int row, int column, std::int64_t channel) const {
    return ((image * pooled_height + row) * pooled_width + column) * channels + channel;
  }
};

/// Which channels, from `channel` on, of which position a thread works at.
struct Place {
  std::int64_t image, channel;
  int row, column;
};

/// Splits a thread's number by (positions of an image, packets of channels): neighbouring threads have neighbouring
/// packets.
struct Grid {
  Divider packets, columns, rows;
  std::int64_t threads;

  Grid(std::int64_t batch, std::int64_t row_count, std::int64_t column_count, std::int64_t packet_count)
      : packets(packet_count),
        columns(column_count),
        rows(row_count),
        threads(batch * row_count * column_count * packet_count) {}

  __device__ Place place(std::int64_t thread, int packet_size) const {
    const std::int64_t channel = packets.split(thread) * packet_size;
    const auto column = static_cast<int>(columns.split(thread)), row = static_cast<int>(rows.split(thread));
    return {thread, channel, row, column};
  }
};

/// Blocks of rows of threads, a row for each of the grid's elements, as wide as there are packets, up to a warp.
inline LaunchSize elements_in_rows(const Grid& elements, std::int64_t packets) {
  const unsigned width = std::bit_ceil(static_cast<unsigned>(std::min<std::int64_t>(packets, 32)));
  const unsigned height = block_size / width;
  return {dim3(grid_size((elements.threads + height - 1) / height)), dim3(width, height)};
}

template <class T, int n>
__device__ Packet<T, n> filled(OpMath<T> value) {
  Packet<T, n> packet;
  for (int i = 0; i < n; ++i) packet.element[i] = static_cast<T>(value);
  return packet;
}

/// Calls body.operator()<n, T, Index>() for channels-last images, n of whose channels a thread takes, and the indices
/// of a max pooling.
template <class Body>
void visit_images(const Tensor& x, const Tensor& y, const Tensor& indices, Body&& body) {
  visit_floating(x.dtype(), [&]<class T>() {
    visit_index(indices.dtype(), [&]<class Index>() {
      const auto run = [&](auto packet) { body.template operator()<decltype(packet)::value, T, Index>(); };
      visit_packet<T>(x.size(1), run, x, y, indices);
    });
  });
}

/// Calls `body` with a square window's side and stride as compile-time constants where they are common ones, whose
/// loops over a window unroll; otherwise, and for half precision one by one, with 0, 0.
template <class T, int n, class Body>
void visit_window(const PoolGeometry& g, Body&& body) {
  const auto is = [&](std::int64_t kernel, std::int64_t stride) {
    return g.kernel[0] == kernel && g.kernel[1] == kernel && g.stride[0] == stride && g.stride[1] == stride &&
           g.dilation[0] == 1 && g.dilation[1] == 1;
  };
  if constexpr (!is_half<T> || n > 1) {
    if (is(3, 2)) return body(std::integral_constant<int, 3>(), std::integral_constant<int, 2>());
    if (is(2, 2)) return body(std::integral_constant<int, 2>(), std::integral_constant<int, 2>());
  }
  body(std::integral_constant<int, 0>(), std::integral_constant<int, 0>());
}

/// Square tiles of x, of the stride's side, one for each window that begins in it: all of a tile's elements lie in the
/// same windows.
struct Tiles {
  int first_row, first_column;
  int rows, columns;

  Tiles(const Sizes& s, int stride)
      : first_row(s.padding[0] / stride),
        first_column(s.padding[1] / stride),
        rows((s.height - 1 + s.padding[0]) / stride - first_row + 1),
        columns((s.width - 1 + s.padding[1]) / stride - first_column + 1) {}
};

}  // namespace ebb::kernels::pooling
