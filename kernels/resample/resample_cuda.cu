#include "ebb/kernels/resample/resample.h"

#include "ebb/core/dispatch.h"
#include "ebb/kernels/cuda/divider.h"
#include "ebb/kernels/cuda/half.cuh"
#include "ebb/kernels/cuda/launch.cuh"
#include "ebb/kernels/cuda/packet.cuh"
#include "ebb/kernels/cuda/visit_packet.cuh"

namespace ebb::kernels {

namespace {

/// sum += weight values; the first term is not added to 0, so that -0 stays.
template <int n, class Number, class T>
__device__ void add_term(Packet<Number, n>& sum, Number weight, const Packet<T, n>& values, bool is_first) {
#pragma unroll
  for (int k = 0; k < n; ++k) {
    const Number term = weight * widened(values.element[k]);
    sum.element[k] = is_first ? term : sum.element[k] + term;
  }
}

/// n neighbours of y a thread; `inner` counts them by n.
template <int n, class T>
__global__ void combine(const T* x, const std::int64_t* offsets, const std::int64_t* columns, const OpMath<T>* weights,
                        std::int64_t count, std::int64_t in, Divider out, Divider inner, T* y) {
  const std::int64_t thread = thread_index();
  if (thread >= count) return;
  std::int64_t outer = thread;
  const std::int64_t i = inner.split(outer), row = out.split(outer), step = inner.divisor() * n;
  const T* from = x + outer * in * step + i * n;
  Packet<OpMath<T>, n> sum{};
  const std::int64_t first = offsets[row], end = offsets[row + 1];
  for (std::int64_t entry = first; entry < end; ++entry) {
    add_term(sum, weights[entry], load_packet<T, n>(from + columns[entry] * step), entry == first);
  }
  store_packet(y + thread * n, rounded<T>(sum));
}

template <int n, class T>
void launch_combine(CudaContext& context, const Tensor& x, const SparseRows& matrix, Tensor& y) {
  launch(context, combine<n, T>, threads_for(y.numel() / n), x.data<T>(), matrix.offsets.data<std::int64_t>(),
         matrix.columns.data<std::int64_t>(), matrix.weights.data<OpMath<T>>(), y.numel() / n, x.size(1),
         Divider(y.size(1)), Divider(y.size(2) / n), y.data<T>());
}

template <class T>
struct Entries {
  explicit Entries(const SparseRows& matrix)
      : offsets(matrix.offsets.data<std::int64_t>()),
        columns(matrix.columns.data<std::int64_t>()),
        weights(matrix.weights.data<OpMath<T>>()) {}
  const std::int64_t *offsets, *columns;
  const OpMath<T>* weights;
};

/// The sizes of images: those of x, and of y, whose channels are counted by packets.
struct ImageSizes {
  std::int64_t count, height, width;
  Divider out_height, out_width, packets;
};

/// n channels of an element of y a thread: terms are loaded two by two in each dimension, of which a result of
/// bilinear interpolation has no more.
template <int n, class T>
__global__ void combine_images(ImageSizes sizes, const T* x, Entries<T> rows, Entries<T> columns, T* y) {
  using Number = OpMath<T>;
  const std::int64_t thread = thread_index();
  if (thread >= sizes.count) return;
  std::int64_t image = thread;
  const std::int64_t channel = sizes.packets.split(image) * n, step = sizes.packets.divisor() * n;
  const std::int64_t column = sizes.out_width.split(image), row = sizes.out_height.split(image);
  const T* from = x + image * sizes.height * sizes.width * step + channel;
  const std::int64_t first_row = rows.offsets[row], end_row = rows.offsets[row + 1];
  const std::int64_t first_column = columns.offsets[column], end_column = columns.offsets[column + 1];
  Packet<Number, n> sum{};
  for (std::int64_t c = first_column; c < end_column; c += 2) {
    const std::int64_t next_c = min(c + 1, end_column - 1);
    const std::int64_t lefts[] = {columns.columns[c] * step, columns.columns[next_c] * step};
    Packet<Number, n> part[2]{};
    for (std::int64_t r = first_row; r < end_row; r += 2) {
      const std::int64_t next_r = min(r + 1, end_row - 1);
      const std::int64_t tops[] = {rows.columns[r] * sizes.width * step, rows.columns[next_r] * sizes.width * step};
      const Number weights[] = {rows.weights[r], rows.weights[next_r]};
      Packet<T, n> values[2][2];
#pragma unroll
      for (int i = 0; i < 4; ++i) values[i / 2][i % 2] = load_packet<T, n>(from + tops[i / 2] + lefts[i % 2]);
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        if (r + i / 2 < end_row) add_term(part[i % 2], weights[i / 2], values[i / 2][i % 2], r + i / 2 == first_row);
      }
    }
    add_term(sum, columns.weights[c], part[0], c == first_column);
    if (c + 1 < end_column) add_term(sum, columns.weights[next_c], part[1], false);
  }
  store_packet(y + thread * n, rounded<T>(sum));
}

}  // namespace

void resample_images(CudaContext& context, const Tensor& x, const SparseRows& rows, const SparseRows& columns,
                     Tensor& y) {
  if (y.numel() == 0) return;
  visit_floating(x.dtype(), [&]<class T>() {
    const auto run = [&](auto packet) {
      constexpr int n = decltype(packet)::value;
      const ImageSizes sizes{y.numel() / n,      x.size(2),          x.size(3),
                             Divider(y.size(2)), Divider(y.size(3)), Divider(y.size(1) / n)};
      launch(context, combine_images<n, T>, threads_for(sizes.count), sizes, x.data<T>(), Entries<T>(rows),
             Entries<T>(columns), y.data<T>());
    };
    visit_packet<T>(y.size(1), run, x, y);
  });
}

void resample(CudaContext& context, const Tensor& x, const SparseRows& matrix, Tensor& y) {
  if (y.numel() == 0) return;
  visit_floating(x.dtype(), [&]<class T>() {
    const auto run = [&](auto packet) { launch_combine<decltype(packet)::value, T>(context, x, matrix, y); };
    visit_packet<T>(y.size(2), run, x, y);
  });
}

}  // namespace ebb::kernels
