#include <limits>

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

/// The greatest so far of one window, for n channels.
template <class T, int n, class Index>
struct Maximum {
  // While elements are compared, a byte would be a word with masks.
  using At = std::conditional_t<sizeof(Index) == 1, int, std::int64_t>;

  Packet<OpMath<T>, n> best = filled<OpMath<T>, n>(-std::numeric_limits<OpMath<T>>::infinity());
  Packet<At, n> at = filled<At, n>(-1);
  At first = -1;

  /// All channels start at the first element inside of the image: it is chosen where all are -infinity.
  __device__ void begin(At index) {
    if (first < 0) {
      first = index;
      at = filled<At, n>(index);
    }
  }
  __device__ void add(const Packet<T, n>& values, At index) {
    for (int i = 0; i < n; ++i) {
      const auto value = widened(values.element[i]);
      const bool wins = value > best.element[i] || value != value;  // once NaN, only another NaN wins
      best.element[i] = wins ? value : best.element[i];
      at.element[i] = wins ? index : at.element[i];
    }
  }
  __device__ void store(T* y, Index* indices) const {
    Packet<Index, n> index;
    for (int i = 0; i < n; ++i) index.element[i] = static_cast<Index>(at.element[i]);
    store_global(y, rounded<T>(best));
    store_global(indices, index);
  }
};

template <class Index>
__device__ auto index_of(const Sizes& s, int tap, int row, int column) {
  if constexpr (sizeof(Index) == 1) {
    return tap;
  } else {
    return static_cast<std::int64_t>(row) * s.width + column;
  }
}

/// One window of any kind for n neighbouring channels, a thread.
template <int n, class T, class Index>
__global__ void max_pool(Sizes s, Grid grid, const T* x, T* y, Index* indices) {
  const std::int64_t thread = thread_index();
  if (thread >= grid.threads) return;
  const Place at = grid.place(thread, n);
  Maximum<T, n, Index> maximum;
  for (int r = 0; r < s.kernel[0]; ++r) {
    const int row = at.row * s.stride[0] - s.padding[0] + r * s.dilation[0];
    if (row >= s.height) break;
    if (row < 0) continue;
    for (int q = 0; q < s.kernel[1]; ++q) {
      const int column = at.column * s.stride[1] - s.padding[1] + q * s.dilation[1];
      if (column >= s.width) break;
      if (column < 0) continue;
      const auto index = index_of<Index>(s, r * s.kernel[1] + q, row, column);
      maximum.begin(index);
      maximum.add(load_packet<T, n>(x + s.pixel(at.image, row, column, at.channel)), index);
    }
  }
  const std::int64_t to = s.window(at.image, at.row, at.column, at.channel);
  maximum.store(y + to, indices + to);
}

/// The same for k * k elements without dilation, and for `windows` of them side by side, which share elements: all are
/// loaded before the first is looked at.
template <int n, int k, int stride, int windows, class T, class Index>
__global__ void max_pool_square(Sizes s, Grid grid, const T* x, T* y, Index* indices) {
  constexpr int width = k + (windows - 1) * stride;
  const std::int64_t thread = thread_index();
  if (thread >= grid.threads) return;
  const Place at = grid.place(thread, n);
  const int row = at.row * stride - s.padding[0], column = at.column * windows * stride - s.padding[1];
  const T* corner = x + s.pixel(at.image, row, column, at.channel);
  Packet<T, n> values[k][width];
#pragma unroll
  for (int r = 0; r < k; ++r) {
#pragma unroll
    for (int q = 0; q < width; ++q) {
      values[r][q] = s.has(row + r, column + q)
                         ? load_packet<T, n>(corner + (static_cast<std::int64_t>(r) * s.width + q) * s.channels)
                         : filled<T, n>(-std::numeric_limits<OpMath<T>>::infinity());
    }
  }
#pragma unroll
  for (int window = 0; window < windows; ++window) {
    const int first = window * stride;
    Maximum<T, n, Index> maximum;
#pragma unroll
    for (int tap = 0; tap < k * k; ++tap) {
      const int r = row + tap / k, q = column + first + tap % k;
      const auto index = index_of<Index>(s, tap, r, q);
      if (s.has(r, q)) maximum.begin(index);
      maximum.add(values[tap / k][first + tap % k], index);
    }
    const int to_column = at.column * windows + window;
    const std::int64_t to = s.window(at.image, at.row, to_column, at.channel);
    if (to_column < s.pooled_width) maximum.store(y + to, indices + to);
  }
}

/// y in the order of its memory, n elements a thread, which are only moved.
template <int n, class T, class Index>
__global__ void gather(Sizes s, Grid grid, const T* x, const Index* indices, T* y) {
  const std::int64_t thread = thread_index();
  if (thread >= grid.threads) return;
  const Place at = grid.place(thread, n);
  const auto index = load_packet<Index, n>(indices + thread * n);
  Packet<T, n> chosen = filled<T, n>(0);
  for (int i = 0; i < n; ++i) {
    const Index which = index.element[i];
    if (which == no_element<Index>) continue;
    std::int64_t position = static_cast<std::int64_t>(which);
    if constexpr (sizeof(Index) == 1) {
      const int r = which / s.kernel[1], q = which % s.kernel[1];
      const int row = at.row * s.stride[0] - s.padding[0] + r * s.dilation[0];
      position = static_cast<std::int64_t>(row) * s.width + at.column * s.stride[1] - s.padding[1] + q * s.dilation[1];
    }
    chosen.element[i] = x[s.pixel(at.image, 0, 0, at.channel + i) + position * s.channels];
  }
  store_global(y + thread * n, chosen);
}

}  // namespace

void own_max_pool2d(CudaContext& context, const Tensor& x, const PoolGeometry& g, Tensor& y, Tensor& indices) {
  if (y.numel() == 0) return;
  const Sizes s(x, y, g);
  pooling::visit_images(x, y, indices, [&]<int n, class T, class Index>() {
    pooling::visit_window<T, n>(g, [&](auto kernel, auto stride) {
      constexpr int k = decltype(kernel)::value, step = decltype(stride)::value;
      // Of bytes; two windows of 3 x 3 have 15 elements of 18 and run 5 % faster on an H100, in blocks of 128. The
      // eight channels of half precision would take 145 registers.
      constexpr int windows = k > step && sizeof(Index) == 1 && !is_half<T> ? 2 : 1, block = 128;
      const Grid grid(s.batch, s.pooled_height, (s.pooled_width + windows - 1) / windows, s.channels / n);
      auto* function = max_pool<n, T, Index>;
      if constexpr (k > 0) function = max_pool_square<n, k, step, windows, T, Index>;
      launch(context, function, {dim3(grid_size((grid.threads + block - 1) / block)), dim3(block)}, s, grid,
             x.data<T>(), y.data<T>(), indices.data<Index>());
    });
  });
}

void own_max_pool2d_gather(CudaContext& context, const Tensor& x, const Tensor& indices, const PoolGeometry& g,
                           Tensor& y) {
  if (y.numel() == 0) return;
  const Sizes s(x, y, g);
  pooling::visit_images(x, y, indices, [&]<int n, class T, class Index>() {
    const Grid grid(s.batch, s.pooled_height, s.pooled_width, s.channels / n);
    using Element = std::conditional_t<is_half<T>, std::uint16_t, T>;
    launch(context, gather<n, Element, Index>, threads_for(grid.threads), s, grid,
           reinterpret_cast<const Element*>(x.data<T>()), indices.data<Index>(),
           reinterpret_cast<Element*>(y.data<T>()));
  });
}

}  // namespace ebb::kernels
