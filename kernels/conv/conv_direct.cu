// Direct convolutions: one thread per result, simple and correct.
#include "ebb/core/dispatch.h"
#include "ebb/kernels/conv/conv_on_gpu.h"
#include "ebb/kernels/cuda/divider.h"
#include "ebb/kernels/cuda/reduce.cuh"
#include "ebb/kernels/elementwise/elementwise.h"
#include "ebb/kernels/matmul/epilogue.cuh"

namespace ebb::kernels {
namespace {

/// Sizes of a convolution; the channels of a position follow each other in memory.
struct Convolution {
  std::int64_t batch, in_channels, out_channels, group_in, group_out;  // channels of x and y, and of one group
  int height, width, out_height, out_width;
  int kernel[2], stride[2], padding[2], dilation[2];

  __device__ std::int64_t weight_offset(std::int64_t out, std::int64_t in, int r, int q) const {
    return ((out * group_in + in) * kernel[0] + r) * kernel[1] + q;
  }
  __device__ std::int64_t x_offset(std::int64_t image, int row, int column) const {
    return ((image * height + row) * width + column) * in_channels;
  }
  __device__ std::int64_t y_offset(std::int64_t image, int row, int column) const {
    return ((image * out_height + row) * out_width + column) * out_channels;
  }
};

/// One element of y per thread.
template <class T>
__global__ void convolve(Convolution v, const T* x, const T* weight, EpilogueOf<T> finish, std::int64_t count, T* y) {
  const std::int64_t thread = thread_index();
  if (thread >= count) return;
  std::int64_t rest = thread / v.out_channels;
  const std::int64_t out = thread % v.out_channels, first_in = out / v.group_out * v.group_in;
  const auto out_column = static_cast<int>(rest % v.out_width),
             out_row = static_cast<int>(rest / v.out_width % v.out_height);
  const std::int64_t image = rest / v.out_width / v.out_height;
  T sum = 0;
  for (int r = 0; r < v.kernel[0]; ++r) {
    const int row = out_row * v.stride[0] - v.padding[0] + r * v.dilation[0];
    if (row < 0 || row >= v.height) continue;
    for (int q = 0; q < v.kernel[1]; ++q) {
      const int column = out_column * v.stride[1] - v.padding[1] + q * v.dilation[1];
      if (column < 0 || column >= v.width) continue;
      const T* from = x + v.x_offset(image, row, column) + first_in;
      for (std::int64_t in = 0; in < v.group_in; ++in) sum += from[in] * weight[v.weight_offset(out, in, r, q)];
    }
  }
  y[thread] = finish(sum, out, thread);
}

/// One element of dx per thread: the windows that it is in.
template <class T>
__global__ void convolve_backward_input(Convolution v, const T* dy, const T* weight, std::int64_t count, T* dx) {
  const std::int64_t thread = thread_index();
  if (thread >= count) return;
  const std::int64_t rest = thread / v.in_channels, channel = thread % v.in_channels;
  const std::int64_t in = channel % v.group_in, first_out = channel / v.group_in * v.group_out;
  const auto column = static_cast<int>(rest % v.width), row = static_cast<int>(rest / v.width % v.height);
  const std::int64_t image = rest / v.width / v.height;
  T sum = 0;
  for (int r = 0; r < v.kernel[0]; ++r) {
    const int below = row + v.padding[0] - r * v.dilation[0], out_row = below / v.stride[0];
    if (below < 0 || below % v.stride[0] != 0 || out_row >= v.out_height) continue;
    for (int q = 0; q < v.kernel[1]; ++q) {
      const int right = column + v.padding[1] - q * v.dilation[1], out_column = right / v.stride[1];
      if (right < 0 || right % v.stride[1] != 0 || out_column >= v.out_width) continue;
      const T* from = dy + v.y_offset(image, out_row, out_column) + first_out;
      for (std::int64_t o = 0; o < v.group_out; ++o) sum += from[o] * weight[v.weight_offset(first_out + o, in, r, q)];
    }
  }
  dx[thread] = sum;
}

/// Each element of dweight is a sum over the positions of y.
template <class T>
struct WeightGradient {
  using Value = T;
  Convolution v;
  Divider in_channels, columns, rows, out_columns, out_rows;
  const T *x, *dy;
  T* dweight;

  __device__ T identity() const { return 0; }
  __device__ T load(std::int64_t position, std::int64_t element) const {
    const auto q = static_cast<int>(columns.split(element)), r = static_cast<int>(rows.split(element));
    const std::int64_t in = in_channels.split(element), out = element;
    const auto out_column = static_cast<int>(out_columns.split(position));
    const auto out_row = static_cast<int>(out_rows.split(position));
    const int row = out_row * v.stride[0] - v.padding[0] + r * v.dilation[0];
    const int column = out_column * v.stride[1] - v.padding[1] + q * v.dilation[1];
    if (row < 0 || row >= v.height || column < 0 || column >= v.width) return 0;
    const std::int64_t first_in = out / v.group_out * v.group_in;
    return x[v.x_offset(position, row, column) + first_in + in] * dy[v.y_offset(position, out_row, out_column) + out];
  }
  __device__ T combine(T a, T b) const { return a + b; }
  __device__ void store(std::int64_t element, T value) const { dweight[element] = value; }
};

Convolution convolution(const Tensor& x, const Tensor& weight, const Tensor& y, const ConvGeometry& g) {
  const auto small = [](std::int64_t size) { return static_cast<int>(size); };
  Convolution v{.batch = x.size(0),
                .in_channels = x.size(1),
                .out_channels = y.size(1),
                .group_in = weight.size(1),
                .group_out = y.size(1) / g.groups,
                .height = small(x.size(2)),
                .width = small(x.size(3)),
                .out_height = small(y.size(2)),
                .out_width = small(y.size(3)),
                .kernel = {small(weight.size(2)), small(weight.size(3))},
                .stride = {small(g.stride[0]), small(g.stride[1])},
                .padding = {small(g.padding[0]), small(g.padding[1])},
                .dilation = {small(g.dilation[0]), small(g.dilation[1])}};
  return v;
}

}  // namespace

void direct_forward(CudaContext& context, const Tensor& x, const PackedWeight& packed, const Epilogue& epilogue,
                    const ConvGeometry& geometry, Tensor& y) {
  const Tensor& weight = packed.weight();
  const Convolution v = convolution(x, weight, y, geometry);
  visit_float(x.dtype(), [&]<class T>() {
    launch(context, convolve<T>, threads_for(y.numel()), v, x.data<T>(), weight.data<T>(), EpilogueOf<T>(epilogue),
           y.numel(), y.data<T>());
  });
}

void direct_backward_input(CudaContext& context, const Tensor& dy, const PackedWeight& packed,
                           const ConvGeometry& geometry, Tensor& dx) {
  const Tensor& weight = packed.weight();
  const Convolution v = convolution(dx, weight, dy, geometry);
  visit_float(dx.dtype(), [&]<class T>() {
    launch(context, convolve_backward_input<T>, threads_for(dx.numel()), v, dy.data<T>(), weight.data<T>(), dx.numel(),
           dx.data<T>());
  });
}

void direct_backward_weight(CudaContext& context, const Tensor& x, const Tensor& dy, const ConvGeometry& geometry,
                            Tensor& dweight) {
  const Convolution v = convolution(x, dweight, dy, geometry);
  const std::int64_t positions = v.batch * v.out_height * v.out_width;
  if (positions == 0 || dweight.numel() == 0) return fill(context, 0, dweight);
  visit_float(x.dtype(), [&]<class T>() {
    const WeightGradient<T> gradient{v,
                                     Divider(v.group_in),
                                     Divider(v.kernel[1]),
                                     Divider(v.kernel[0]),
                                     Divider(v.out_width),
                                     Divider(v.out_height),
                                     x.data<T>(),
                                     dy.data<T>(),
                                     dweight.data<T>()};
    reduce(context, gradient, positions, dweight.numel(), ReduceOrder::count_is_inner);
  });
}

}  // namespace ebb::kernels
