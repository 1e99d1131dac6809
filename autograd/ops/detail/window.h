#pragma once

#include "ebb/autograd/ops/pool/max_pool.h"
#include "ebb/core/tensor.h"
#include "ebb/kernels/pool/pool.h"

/// Sliding windows along one dimension, as pooling and unfolding have them.
namespace ebb::ops {

struct Window {
  std::int64_t kernel, stride, padding, dilation = 1;

  std::int64_t reach() const { return dilation * (kernel - 1) + 1; }
  std::int64_t start(std::int64_t i) const { return i * stride - padding; }
};

/// That its numbers make a window, and are so small that no product of two overflows, nor the reach 32 bits.
void check_window(const Window& w);

/// That x is floating, with `dims` dimensions after (N, C) or (C), none of which but N is empty.
void check_images(const Tensor& x, int dims);

/// A size for depth, height and width: as given, or one number for all.
Dims three(const Dims& sizes, const char* what);
/// That a window lies at most half in the padding.
void check_padding(const Window& w);

/// The number of windows in `size` elements and the padding; with `ceil_mode` also the last one that only begins
/// inside.
std::int64_t window_count(std::int64_t size, const Window& w, bool ceil_mode = false);

/// Of a max pooling, checked.
kernels::PoolGeometry pool_geometry(const MaxPool2dOptions& options);
/// What it makes of images (N, C, H, W).
Shape pooled_shape(const Shape& images, const kernels::PoolGeometry& geometry, bool ceil_mode);

/// The memory format in which a pooling of images x works. The kernels want the channels of a position to follow each
/// other: on a GPU they take a contiguous x as images of one channel each, on the CPU all channels at once.
MemoryFormat pooling_format(const Tensor& x);
/// Images (N, C, H, W) of that format as kernels take them, channels last: contiguous ones as (N C, 1, H, W). Not
/// recorded.
Tensor as_images(const Tensor& x, MemoryFormat format);

/// The elements of the i-th of `count` windows that share `size` elements evenly: from begin up to but without end.
inline std::int64_t share_begin(std::int64_t i, std::int64_t size, std::int64_t count) { return i * size / count; }
inline std::int64_t share_end(std::int64_t i, std::int64_t size, std::int64_t count) {
  return ((i + 1) * size + count - 1) / count;
}

}  // namespace ebb::ops
