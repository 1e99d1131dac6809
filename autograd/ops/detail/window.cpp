#include "ebb/autograd/ops/detail/window.h"

#include <algorithm>

#include "ebb/autograd/ops/detail/checks.h"

namespace ebb::ops {

static constexpr std::int64_t largest = std::int64_t{1} << 30;

void check_window(const Window& w) {
  check(w.kernel > 0, "kernel_size must be positive, got ", w.kernel);
  check(w.stride > 0, "the stride must be positive, got ", w.stride);
  check(w.dilation > 0, "the dilation must be positive, got ", w.dilation);
  check(w.padding >= 0, "the padding must not be negative, got ", w.padding);
  check(std::max({w.kernel, w.stride, w.padding, w.dilation}) <= largest,
        "kernel_size, stride, padding and dilation must be at most ", largest, ", got ", w.kernel, ", ", w.stride, ", ",
        w.padding, " and ", w.dilation);
  check(w.reach() <= largest, "a window must not reach over more than ", largest, " elements, got kernel_size ",
        w.kernel, " with dilation ", w.dilation);
}

void check_images(const Tensor& x, int dims) {
  check(x.dim() == dims + 1 || x.dim() == dims + 2, "the input must have ", dims, " dimensions after (N, C) or (C), ",
        "got shape ", x.shape());
  check_floating(x);
  for (int i = x.dim() == dims + 2 ? 1 : 0; i < x.dim(); ++i) {
    check(x.size(i) > 0, "only the batch may be empty, got an input of shape ", x.shape());
  }
}

Dims three(const Dims& sizes, const char* what) {
  check(sizes.size() == 1 || sizes.size() == 3, what, " must be one number or three, got ", sizes);
  return sizes.size() == 1 ? Dims::filled(3, sizes[0]) : sizes;
}

void check_padding(const Window& w) {
  check(2 * w.padding <= w.reach(), "the padding must be at most half of the window's reach: got padding ", w.padding,
        " for kernel_size ", w.kernel, ", dilation ", w.dilation);
}

static Window window_of(const kernels::PoolGeometry& g, std::size_t i) {
  return {g.kernel[i], g.stride[i], g.padding[i], g.dilation[i]};
}

kernels::PoolGeometry pool_geometry(const MaxPool2dOptions& o) {
  const Size2 stride = o.stride.value_or(o.kernel_size);
  const kernels::PoolGeometry g{{o.kernel_size.height, o.kernel_size.width},
                                {stride.height, stride.width},
                                {o.padding.height, o.padding.width},
                                {o.dilation.height, o.dilation.width}};
  for (std::size_t i = 0; i < 2; ++i) {
    check_window(window_of(g, i));
    check_padding(window_of(g, i));
  }
  return g;
}

Shape pooled_shape(const Shape& images, const kernels::PoolGeometry& g, bool ceil_mode) {
  return {images[0], images[1], window_count(images[2], window_of(g, 0), ceil_mode),
          window_count(images[3], window_of(g, 1), ceil_mode)};
}

MemoryFormat pooling_format(const Tensor& x) {
  return x.is_cuda() ? x.suggested_format() : MemoryFormat::channels_last;
}

Tensor as_images(const Tensor& x, MemoryFormat format) {
  if (format == MemoryFormat::channels_last) return x.detach();
  const Shape shape{x.size(0) * x.size(1), 1, x.size(2), x.size(3)};
  return x.detach().alias(shape, contiguous_strides(shape), x.storage_offset());
}

std::int64_t window_count(std::int64_t size, const Window& w, bool ceil_mode) {
  check(size >= 0, "a size must not be negative, got ", size);
  const std::int64_t room = checked_sum(size, 2 * w.padding) - w.reach();
  check(room >= 0, "the window is larger than the padded input, of size ", size);
  const std::int64_t count = (room + (ceil_mode ? w.stride - 1 : 0)) / w.stride + 1;
  const bool last_begins_in_padding = w.start(count - 1) >= size;
  return ceil_mode && last_begins_in_padding ? count - 1 : count;
}

}  // namespace ebb::ops
