#include "ebb/kernels/conv/patches_cuda.h"

#include "ebb/core/dispatch.h"
#include "ebb/kernels/cuda/divider.h"
#include "ebb/kernels/cuda/launch.cuh"
#include "ebb/kernels/cuda/packet.cuh"
#include "ebb/kernels/cuda/visit_packet.cuh"

namespace ebb::kernels {
namespace {

struct Side {
  int in, out, kernel, stride, padding, dilation;

  Side(const ConvSizes& s, std::size_t side)
      : in(static_cast<int>(side == 0 ? s.height : s.width)),
        out(static_cast<int>(side == 0 ? s.out_height : s.out_width)),
        kernel(static_cast<int>(side == 0 ? s.kernel_height : s.kernel_width)),
        stride(static_cast<int>(s.geometry.stride[side])),
        padding(static_cast<int>(s.geometry.padding[side])),
        dilation(static_cast<int>(s.geometry.dilation[side])) {}

  /// Where tap t of output o reads; -1 in the padding.
  __device__ int place(int o, int t) const {
    const int at = o * stride - padding + t * dilation;
    return at >= 0 && at < in ? at : -1;
  }
  /// Which output reads input i by tap t; -1 if none does.
  __device__ int reader(int i, int t) const {
    const int from = i + padding - t * dilation, o = from / stride;
    return from >= 0 && from % stride == 0 && o < out ? o : -1;
  }
};

/// Channels are counted by packets.
struct PatchGrid {
  Side rows, columns;
  std::int64_t count;
  Divider channels, kernel_columns, kernel_rows, width, height;  // of a thread's number, the last first

  PatchGrid(const ConvSizes& s, std::int64_t images, int n)
      : rows(s, 0),
        columns(s, 1),
        count(images * s.pixels() * s.taps() * s.channels / n),
        channels(s.channels / n),
        kernel_columns(s.kernel_width),
        kernel_rows(s.kernel_height),
        width(s.out_width),
        height(s.out_height) {}
};

/// A packet of the patches a thread.
template <int n, class T>
__global__ void gather(PatchGrid grid, const T* x, T* patches) {
  const std::int64_t thread = thread_index();
  if (thread >= grid.count) return;
  std::int64_t image = thread;
  const std::int64_t channel = grid.channels.split(image);
  const auto q = static_cast<int>(grid.kernel_columns.split(image)),
             r = static_cast<int>(grid.kernel_rows.split(image));
  const auto out_column = static_cast<int>(grid.width.split(image)),
             out_row = static_cast<int>(grid.height.split(image));
  const int row = grid.rows.place(out_row, r), column = grid.columns.place(out_column, q);
  Packet<T, n> packet{};
  if (row >= 0 && column >= 0) {
    const std::int64_t pixel = (image * grid.rows.in + row) * grid.columns.in + column;
    packet = load_packet<T, n>(x + (pixel * grid.channels.divisor() + channel) * n);
  }
  store_packet(patches + thread * n, packet);
}

struct SumGrid {
  Side rows, columns;
  std::int64_t count;
  Divider channels, width, height;

  SumGrid(const ConvSizes& s, std::int64_t images, int n)
      : rows(s, 0),
        columns(s, 1),
        count(images * s.height * s.width * s.channels / n),
        channels(s.channels / n),
        width(s.width),
        height(s.height) {}
};

/// A packet of dx a thread: it adds up tap after tap, so the order is fixed.
template <int n, class T>
__global__ void add(SumGrid grid, const T* patches, T* dx) {
  const std::int64_t thread = thread_index();
  if (thread >= grid.count) return;
  std::int64_t image = thread;
  const std::int64_t channel = grid.channels.split(image);
  const auto column = static_cast<int>(grid.width.split(image)), row = static_cast<int>(grid.height.split(image));
  Packet<T, n> sum{};
  for (int r = 0; r < grid.rows.kernel; ++r) {
    const int out_row = grid.rows.reader(row, r);
    if (out_row < 0) continue;
    for (int q = 0; q < grid.columns.kernel; ++q) {
      const int out_column = grid.columns.reader(column, q);
      if (out_column < 0) continue;
      const std::int64_t pixel = (image * grid.rows.out + out_row) * grid.columns.out + out_column;
      const std::int64_t tap = (pixel * grid.rows.kernel + r) * grid.columns.kernel + q;
      const auto packet = load_packet<T, n>(patches + (tap * grid.channels.divisor() + channel) * n);
#pragma unroll
      for (int k = 0; k < n; ++k) sum.element[k] += packet.element[k];
    }
  }
  store_packet(dx + thread * n, sum);
}

/// Calls body.operator()<n, T>() with the channels that a thread takes at once.
template <class Body>
void visit_channels(const ConvSizes& sizes, const Tensor& one, const Tensor& other, Body&& body) {
  visit_float(one.dtype(), [&]<class T>() {
    const auto run = [&](auto packet) { body.template operator()<decltype(packet)::value, T>(); };
    visit_packet<T>(sizes.channels, run, one, other);
  });
}

}  // namespace

void gather_patches(CudaContext& context, const Tensor& x, const ConvSizes& sizes, std::int64_t first,
                    std::int64_t images, Tensor& patches) {
  visit_channels(sizes, x, patches, [&]<int n, class T>() {
    const PatchGrid grid(sizes, images, n);
    launch(context, gather<n, T>, threads_for(grid.count), grid, x.data<T>() + first * sizes.image_elements(),
           patches.data<T>());
  });
}

void add_patches(CudaContext& context, const Tensor& patches, const ConvSizes& sizes, std::int64_t first,
                 std::int64_t images, Tensor& dx) {
  visit_channels(sizes, patches, dx, [&]<int n, class T>() {
    const SumGrid grid(sizes, images, n);
    launch(context, add<n, T>, threads_for(grid.count), grid, patches.data<T>(),
           dx.data<T>() + first * sizes.image_elements());
  });
}

}  // namespace ebb::kernels
