#include "ebb/core/dispatch.h"
#include "ebb/kernels/elementwise/elementwise.h"
#include "ebb/kernels/pool/average_side.h"
#include "ebb/kernels/pool/places.cuh"

namespace ebb::kernels {
namespace {

using pooling::filled;
using pooling::Grid;
using pooling::Place;
using pooling::Sizes;
using pooling::Tiles;

template <class T, int n>
__device__ void add(Packet<OpMath<T>, n>& sum, const Packet<T, n>& values) {
  for (int i = 0; i < n; ++i) sum.element[i] += widened(values.element[i]);
}

template <class T, int n>
__device__ Packet<T, n> quotients(Packet<T, n> values, T divisor) {
  for (int i = 0; i < n; ++i) values.element[i] /= divisor;
  return values;
}

/// The elements of x of one window.
struct Box {
  int row, column, height, width;

  __device__ Box(const AverageWindows& w, int window_row, int window_column)
      : row(static_cast<int>(w.rows.begin(window_row))),
        column(static_cast<int>(w.columns.begin(window_column))),
        height(static_cast<int>(w.rows.end(window_row)) - row),
        width(static_cast<int>(w.columns.end(window_column)) - column) {}
};

/// One window for n neighbouring channels, a thread.
template <int n, class T>
__global__ void average(Sizes s, AverageWindows windows, Grid grid, const T* x, T* y) {
  const std::int64_t thread = thread_index();
  if (thread >= grid.threads) return;
  const Place at = grid.place(thread, n);
  const Box box(windows, at.row, at.column);
  auto sum = filled<OpMath<T>, n>(0);
  for (int r = 0; r < box.height; ++r) {
    const T* from = x + s.pixel(at.image, box.row + r, box.column, at.channel);
#pragma unroll 4
    for (int q = 0; q < box.width; ++q) add(sum, load_packet<T, n>(from + q * s.channels));
  }
  store_global(y + thread * n, rounded<T>(quotients(sum, windows.divisor_of<OpMath<T>>(at.row, at.column))));
}

/// The same for k * k elements, which are all loaded before the first is added.
template <int n, int k, int stride, class T>
__global__ void average_square(Sizes s, AverageWindows windows, Grid grid, const T* x, T* y) {
  const std::int64_t thread = thread_index();
  if (thread >= grid.threads) return;
  const Place at = grid.place(thread, n);
  const int row = at.row * stride - s.padding[0], column = at.column * stride - s.padding[1];
  Packet<T, n> values[k * k];
#pragma unroll
  for (int tap = 0; tap < k * k; ++tap) {
    const int r = row + tap / k, q = column + tap % k;
    values[tap] = s.has(r, q) ? load_packet<T, n>(x + s.pixel(at.image, r, q, at.channel)) : filled<T, n>(0);
  }
  auto sum = filled<OpMath<T>, n>(0);
#pragma unroll
  for (int tap = 0; tap < k * k; ++tap) add(sum, values[tap]);
  store_global(y + thread * n, rounded<T>(quotients(sum, windows.divisor_of<OpMath<T>>(at.row, at.column))));
}

inline constexpr int lanes = 32, shares = block_size / lanes;

template <int n, class T>
struct Shares {
  Packet<T, n> sum[shares][lanes];
};

/// A block for each window and `lanes` packets of channels: the rows of threads share out the window's elements, and
/// what they have summed is added in the order of the rows. Of sums that are summed again nothing is rounded: T or To
/// may be what the other one is computed in.
template <int n, class T, class To>
__global__ void average_large(Sizes s, AverageWindows windows, Grid grid, std::int64_t packets, const T* x, To* y) {
  constexpr int at_once = 8;
  using Number = OpMath<T>;
  auto& shared = block_shared<Shares<n, Number>>();
  const Place at = grid.place(blockIdx.x, lanes * n);
  const Box box(windows, at.row, at.column);
  const std::int64_t channel = at.channel + static_cast<int>(threadIdx.x) * n;
  const bool has_channels = channel < packets * n;
  const int elements = box.height * box.width;
  auto sum = filled<OpMath<T>, n>(0);
  for (int begin = static_cast<int>(threadIdx.y); has_channels && begin < elements; begin += shares * at_once) {
    Packet<T, n> values[at_once];
#pragma unroll
    for (int u = 0; u < at_once; ++u) {
      const int element = begin + u * shares, r = element / box.width, q = element - r * box.width;
      values[u] = element < elements ? load_packet<T, n>(x + s.pixel(at.image, box.row + r, box.column + q, channel))
                                     : filled<T, n>(0);
    }
#pragma unroll
    for (int u = 0; u < at_once; ++u) add(sum, values[u]);
  }
  shared.sum[threadIdx.y][threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.y != 0 || !has_channels) return;
  for (int share = 1; share < shares; ++share) add(sum, shared.sum[share][threadIdx.x]);
  store_global(y + s.window(at.image, at.row, at.column, channel),
               rounded<To>(quotients(sum, windows.divisor_of<Number>(at.row, at.column))));
}

/// Of windows that share x without gaps and overlaps: a block for each and `lanes` packets of channels, which the rows
/// of threads store to all of the window's elements.
template <int n, class T>
__global__ void average_backward_large(Sizes s, AverageWindows windows, Grid grid, std::int64_t packets, const T* dy,
                                       T* dx) {
  const Place at = grid.place(blockIdx.x, lanes * n);
  const Box box(windows, at.row, at.column);
  const std::int64_t channel = at.channel + static_cast<int>(threadIdx.x) * n;
  if (channel >= packets * n) return;
  const auto values = load_packet<T, n>(dy + s.window(at.image, at.row, at.column, channel));
  const auto share = rounded<T>(quotients(widened(values), windows.divisor_of<OpMath<T>>(at.row, at.column)));
  const int elements = box.height * box.width;
  for (int element = static_cast<int>(threadIdx.y); element < elements; element += shares) {
    const int r = element / box.width, q = element - r * box.width;
    store_global(dx + s.pixel(at.image, box.row + r, box.column + q, channel), share);
  }
}

/// Elements of x in rows of threads, whose threads take the packets of channels in turns: which windows an element lies
/// in is found once for all of them.
template <int n, class T>
__global__ void average_backward(Sizes s, AverageWindows windows, Grid grid, std::int64_t packets, const T* dy, T* dx) {
  const std::int64_t element = static_cast<std::int64_t>(blockIdx.x) * blockDim.y + threadIdx.y;
  if (element >= grid.threads) return;
  const Place at = grid.place(element, 1);
  const auto first_row = static_cast<int>(windows.rows.first_holder(at.row)),
             last_row = static_cast<int>(windows.rows.last_holder(at.row)),
             first_column = static_cast<int>(windows.columns.first_holder(at.column)),
             last_column = static_cast<int>(windows.columns.last_holder(at.column));
  for (std::int64_t packet = threadIdx.x; packet < packets; packet += blockDim.x) {
    auto sum = filled<OpMath<T>, n>(0);
    for (int row = first_row; row <= last_row; ++row) {
      for (int column = first_column; column <= last_column; ++column) {
        const auto values = load_packet<T, n>(dy + s.window(at.image, row, column, packet * n));
        add(sum, quotients(widened(values), windows.divisor_of<OpMath<T>>(row, column)));
      }
    }
    store_global(dx + (element * packets + packet) * n, rounded<T>(sum));
  }
}

/// n channels of a tile of x a thread, for k * k elements: the windows are loaded once for all of the tile.
template <int n, int k, int stride, class T>
__global__ void average_backward_square(Sizes s, AverageWindows windows, Tiles tiles, Grid grid, const T* dy, T* dx) {
  constexpr int holders = (k + stride - 1) / stride;  // along one dimension
  const std::int64_t thread = thread_index();
  if (thread >= grid.threads) return;
  const Place at = grid.place(thread, n);
  const int last_row = at.row + tiles.first_row, last_column = at.column + tiles.first_column;
  Packet<T, n> from[holders][holders];
  Packet<OpMath<T>, n> share[holders][holders];
#pragma unroll
  for (int a = 0; a < holders; ++a) {
#pragma unroll
    for (int b = 0; b < holders; ++b) {
      const int row = last_row - a, column = last_column - b;
      from[a][b] = s.has_window(row, column) ? load_packet<T, n>(dy + s.window(at.image, row, column, at.channel))
                                             : filled<T, n>(0);
    }
  }
#pragma unroll
  for (int a = 0; a < holders; ++a) {
#pragma unroll
    for (int b = 0; b < holders; ++b) {
      share[a][b] = quotients(widened(from[a][b]), windows.divisor_of<OpMath<T>>(last_row - a, last_column - b));
    }
  }
#pragma unroll
  for (int i = 0; i < stride; ++i) {
#pragma unroll
    for (int j = 0; j < stride; ++j) {
      const int row = last_row * stride - s.padding[0] + i, column = last_column * stride - s.padding[1] + j;
      auto sum = filled<OpMath<T>, n>(0);
#pragma unroll
      for (int a = holders - 1; a >= 0; --a) {
#pragma unroll
        for (int b = holders - 1; b >= 0; --b) {
          if (i + a * stride < k && j + b * stride < k) add(sum, share[a][b]);
        }
      }
      if (s.has(row, column)) store_global(dx + s.pixel(at.image, row, column, at.channel), rounded<T>(sum));
    }
  }
}

/// As max pooling has it; of windows that share x evenly, with numbers that say nothing.
PoolGeometry geometry_of(const AveragePooling& p) {
  return p.is_adaptive ? PoolGeometry{{1, 1}, {1, 1}, {0, 0}, {1, 1}}
                       : PoolGeometry{p.kernel, p.stride, p.padding, {1, 1}};
}

/// From 16 elements on a window is shared out to the threads of a block.
bool are_large(const Tensor& x, const Tensor& y) { return x.size(2) / y.size(2) * (x.size(3) / y.size(3)) >= 16; }

/// Whether each element of x lies in just one window.
bool tile(const AveragePooling& p, const Tensor& x, const Tensor& y) {
  for (int i = 0; i < 2; ++i) {
    const auto dim = static_cast<std::size_t>(i);
    const std::int64_t size = x.size(2 + i), count = y.size(2 + i);
    const bool fits = p.is_adaptive ? size % count == 0
                                    : p.padding[dim] == 0 && p.kernel[dim] * count == size &&
                                          (p.kernel[dim] == p.stride[dim] || count == 1);
    if (!fits) return false;
  }
  return true;
}

template <int n, class T, class To>
void launch_large(CudaContext& context, const Sizes& s, const AveragePooling& pooling, const Tensor& x, Tensor& y) {
  const std::int64_t packets = s.channels / n;
  const Grid grid(s.batch, s.pooled_height, s.pooled_width, (packets + lanes - 1) / lanes);
  const LaunchSize size{dim3(grid_size(grid.threads)), dim3(lanes, shares)};
  launch(context, average_large<n, T, To>, size, s, AverageWindows(x, y, pooling), grid, packets, x.data<T>(),
         y.data<To>());
}

template <int n, class T>
void launch_average(CudaContext& context, const Sizes& s, const AveragePooling& pooling, const Tensor& x, Tensor& y) {
  if (are_large(x, y)) return launch_large<n, T, T>(context, s, pooling, x, y);
  const AverageWindows windows(x, y, pooling);
  const Grid grid(s.batch, s.pooled_height, s.pooled_width, s.channels / n);
  pooling::visit_window<T, n>(geometry_of(pooling), [&](auto kernel, auto stride) {
    constexpr int k = decltype(kernel)::value, step = decltype(stride)::value;
    auto* function = average<n, T>;
    if constexpr (k > 0) function = average_square<n, k, step, T>;
    launch(context, function, threads_for(grid.threads), s, windows, grid, x.data<T>(), y.data<T>());
  });
}

template <int n, class T>
void launch_backward(CudaContext& context, const Sizes& s, const AveragePooling& pooling, const Tensor& dy,
                     Tensor& dx) {
  const AverageWindows windows(dx, dy, pooling);
  const std::int64_t packets = s.channels / n;
  if (are_large(dx, dy) && tile(pooling, dx, dy)) {
    const Grid grid(s.batch, s.pooled_height, s.pooled_width, (packets + lanes - 1) / lanes);
    const LaunchSize size{dim3(grid_size(grid.threads)), dim3(lanes, shares)};
    return launch(context, average_backward_large<n, T>, size, s, windows, grid, packets, dy.data<T>(), dx.data<T>());
  }
  pooling::visit_window<T, n>(geometry_of(pooling), [&](auto kernel, auto stride) {
    constexpr int k = decltype(kernel)::value, step = decltype(stride)::value;
    if constexpr (k > 0) {
      const Tiles tiles(s, step);
      const Grid grid(s.batch, tiles.rows, tiles.columns, s.channels / n);
      launch(context, average_backward_square<n, k, step, T>, threads_for(grid.threads), s, windows, tiles, grid,
             dy.data<T>(), dx.data<T>());
    } else {
      const Grid elements(s.batch, s.height, s.width, 1);
      launch(context, average_backward<n, T>, pooling::elements_in_rows(elements, packets), s, windows, elements,
             packets, dy.data<T>(), dx.data<T>());
    }
  });
}

/// Whether windows are so large and so few that their blocks would leave most of the GPU idle.
bool are_few(const Tensor& x, const Tensor& y) {
  const std::int64_t rows = x.size(2) / y.size(2), elements = rows * (x.size(3) / y.size(3));
  return rows > 1 && elements >= 1024 && y.numel() < std::int64_t{1} << 14;
}

/// The same windows along one dimension only, of single elements along the other.
AveragePooling along(AveragePooling p, std::size_t dim, double divisor) {
  p.divisor = divisor;
  p.kernel[1 - dim] = p.stride[1 - dim] = 1;
  p.padding[1 - dim] = 0;
  return p;
}

/// One of x and y, of different dtypes, is of half precision.
void average_converting(CudaContext& context, const Sizes& s, const AveragePooling& pooling, const Tensor& x,
                        Tensor& y) {
  const auto run = [&]<class T>() {
    visit_packet<T>(
        s.channels,
        [&](auto packet) {
          constexpr int n = decltype(packet)::value;
          auto* launch_average_of = x.dtype() == kFloat32 ? launch_large<n, float, T> : launch_large<n, T, float>;
          launch_average_of(context, s, pooling, x, y);
        },
        x, y);
  };
  if (x.dtype() == kFloat16 || y.dtype() == kFloat16) return run.template operator()<Half>();
  run.template operator()<BFloat16>();
}

void average_once(CudaContext& context, const Tensor& x, const AveragePooling& pooling, Tensor& y) {
  const Sizes s(x, y, geometry_of(pooling));
  if (x.dtype() != y.dtype()) return average_converting(context, s, pooling, x, y);
  visit_floating(x.dtype(), [&]<class T>() {
    const auto run = [&](auto packet) { launch_average<decltype(packet)::value, T>(context, s, pooling, x, y); };
    visit_packet<T>(s.channels, run, x, y);
  });
}

/// Along rows first, for each of which there is a block; then along columns.
void average_in_two(CudaContext& context, const Tensor& x, const AveragePooling& pooling, Tensor& y) {
  const std::int64_t c = x.size(1), h = x.size(2), w = y.size(3);
  const DType dtype = is_half_precision(x.dtype()) ? kFloat32 : x.dtype();
  const Tensor memory = allocate({x.size(0), h, w, c}, dtype, context.device());
  Tensor rows = memory.alias({x.size(0), c, h, w}, {h * w * c, 1, w * c, c}, 0);
  average_once(context, x, along(pooling, 1, pooling.divisor == 0 ? 0 : 1), rows);
  average_once(context, rows, along(pooling, 0, pooling.divisor), y);
}

}  // namespace

void avg_pool2d(CudaContext& context, const Tensor& x, const AveragePooling& pooling, Tensor& y) {
  if (y.numel() == 0) return;
  if (are_few(x, y)) return average_in_two(context, x, pooling, y);
  average_once(context, x, pooling, y);
}

void avg_pool2d_backward(CudaContext& context, const Tensor& dy, const AveragePooling& pooling, Tensor& dx) {
  if (dx.numel() == 0) return;
  if (dy.numel() == 0) return fill(context, 0, dx);
  const Sizes s(dx, dy, geometry_of(pooling));
  visit_floating(dx.dtype(), [&]<class T>() {
    const auto run = [&](auto packet) { launch_backward<decltype(packet)::value, T>(context, s, pooling, dy, dx); };
    visit_packet<T>(s.channels, run, dx, dy);
  });
}

}  // namespace ebb::kernels
