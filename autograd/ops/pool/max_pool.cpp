#include "ebb/autograd/ops/pool/max_pool.h"

#include "ebb/autograd/ops/detail/compute.h"
#include "ebb/autograd/ops/detail/window.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/elementwise/compare.h"
#include "ebb/autograd/ops/elementwise/unary.h"
#include "ebb/autograd/ops/index/gather.h"
#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/autograd/record.h"
#include "ebb/kernels/pool/pool.h"

namespace ebb {

using autograd::record;
using autograd::Saved;
using autograd::wrt;
using kernels::PoolGeometry;

namespace {

/// The geometry, and how the images lie.
struct Pooling {
  PoolGeometry geometry;
  MemoryFormat format;

  Tensor made(const Shape& shape, const Tensor& like, DType dtype) const {
    return empty(shape, {.dtype = dtype, .device = like.device()}, format);
  }
  Tensor images(const Tensor& x) const { return ops::as_images(x, format); }
};

// The two maps below are each other's gradients.

Tensor gather(const Tensor& x, const Tensor& indices, const Pooling& p);

Tensor scatter(const Tensor& gradient, const Tensor& indices, const Shape& input, const Pooling& p) {
  const OpScope op("max_pool2d_backward", Site{});
  const Tensor dy = contiguous(gradient, p.format), dx = p.made(input, dy, dy.dtype());
  Tensor to = p.images(dx);
  on_device(dy.device(), [&](auto& context) {
    kernels::max_pool2d_backward(context, p.images(dy), p.images(indices), p.geometry, to);
  });
  return record(dx, wrt(dy, [indices, p](const Tensor& ddx) { return gather(ddx, indices, p); }));
}

Tensor gather(const Tensor& input, const Tensor& indices, const Pooling& p) {
  const OpScope op("max_pool2d_gather", Site{});
  const Tensor x = contiguous(input, p.format), y = p.made(indices.shape(), x, x.dtype());
  Tensor to = p.images(y);
  on_device(x.device(), [&](auto& context) {
    kernels::max_pool2d_gather(context, p.images(x), p.images(indices), p.geometry, to);
  });
  return record(y,
                wrt(x, [indices, shape = x.shape(), p](const Tensor& dy) { return scatter(dy, indices, shape, p); }));
}

/// The indices are int64 for the user, or of the narrowest dtype, for backward alone; undefined where nobody needs them
/// and finding them costs time.
ValuesAndIndices pooled(const Tensor& input, const MaxPool2dOptions& o, bool wants_indices) {
  if (input.dim() == 3) {
    const auto [y, indices] = pooled(input.unsqueeze(0), o, wants_indices);
    return {y.squeeze(0), indices.defined() ? indices.squeeze(0) : indices};
  }
  check(input.dim() == 4, "the input must be (N, C, H, W) or (C, H, W), got shape ", input.shape());
  check(input.size(1) > 0 && input.size(2) > 0 && input.size(3) > 0,
        "only the batch may be empty, got an input of shape ", input.shape());
  const Pooling p{ops::pool_geometry(o), ops::pooling_format(input)};
  const Tensor x = contiguous(input, p.format);
  const Shape shape = ops::pooled_shape(x.shape(), p.geometry, o.ceil_mode);
  const bool is_needed = wants_indices || x.is_cuda() || (is_grad_enabled() && autograd::wants_grad(x));
  const DType index = wants_indices ? kInt64 : kernels::narrowest_index(p.geometry);
  const Tensor indices = is_needed ? p.made(shape, x, index) : Tensor();
  const auto pool = [p, indices](auto& context, std::span<const Tensor> of, Tensor& y) {
    Tensor to = p.images(y), chosen = indices.defined() ? p.images(indices) : Tensor();
    kernels::max_pool2d(context, p.images(of[0]), p.geometry, to, chosen);
  };
  Tensor y = is_needed ? ops::made_now({&x, 1}, shape, p.format, pool) : ops::made({&x, 1}, shape, p.format, pool);
  y = record(y, wrt(x, [indices = Saved(indices), from = x.shape(), p](const Tensor& dy) {
               return scatter(dy, indices, from, p);
             }));
  return {y, indices};
}

}  // namespace

ValuesAndIndices max_pool2d_with_indices(const Tensor& x, const MaxPool2dOptions& options, Site site) {
  const OpScope op("max_pool2d", site);
  return pooled(x, options, true);
}

Tensor max_pool2d(const Tensor& x, const MaxPool2dOptions& options, Site site) {
  const OpScope op("max_pool2d", site);
  return pooled(x, options, false).values;
}

/// As images of one row.
static ValuesAndIndices pooled(const Tensor& x, const MaxPool1dOptions& o, bool wants_indices) {
  check(x.dim() == 2 || x.dim() == 3, "the input must be (N, C, L) or (C, L), got shape ", x.shape());
  const MaxPool2dOptions of_rows{.kernel_size = {1, o.kernel_size},
                                 .stride = Size2(1, o.stride.value_or(o.kernel_size)),
                                 .padding = {0, o.padding},
                                 .dilation = {1, o.dilation},
                                 .ceil_mode = o.ceil_mode};
  const auto [values, indices] = pooled(x.unsqueeze(-2), of_rows, wants_indices);
  return {values.squeeze(-2), indices.defined() ? indices.squeeze(-2) : indices};
}

ValuesAndIndices max_pool1d_with_indices(const Tensor& x, const MaxPool1dOptions& options, Site site) {
  const OpScope op("max_pool1d", site);
  return pooled(x, options, true);
}

Tensor max_pool1d(const Tensor& x, const MaxPool1dOptions& options, Site site) {
  const OpScope op("max_pool1d", site);
  return pooled(x, options, false).values;
}

// Over each slice first, then over the slices' maxima: the first of equals, and the last NaN, are so the first and the
// last in row-major order.
ValuesAndIndices max_pool3d_with_indices(const Tensor& x, const MaxPool3dOptions& o, Site site) {
  if (is_half_precision(x.dtype())) {  // gradients are added in several steps
    const auto [values, indices] = max_pool3d_with_indices(ops::opmath(x), o, site);
    return {values.to(x.dtype()), indices};
  }
  const OpScope op("max_pool3d", site);
  ops::check_images(x, 3);
  if (x.dim() == 4) {
    const auto [y, indices] = max_pool3d_with_indices(x.unsqueeze(0), o);
    return {y.squeeze(0), indices.squeeze(0)};
  }
  const Dims kernel = ops::three(o.kernel_size, "kernel_size"), padding = ops::three(o.padding, "padding"),
             stride = o.stride.empty() ? kernel : ops::three(o.stride, "stride"),
             dilation = ops::three(o.dilation, "dilation");
  const std::int64_t batch = x.size(0), channels = x.size(1), depth = x.size(2), pixels = x.size(3) * x.size(4);
  const auto slices = max_pool2d_with_indices(x.transpose(1, 2).flatten(0, 1), {.kernel_size = {kernel[1], kernel[2]},
                                                                                .stride = Size2(stride[1], stride[2]),
                                                                                .padding = {padding[1], padding[2]},
                                                                                .dilation = {dilation[1], dilation[2]},
                                                                                .ceil_mode = o.ceil_mode});
  const std::int64_t height = slices.values.size(2), width = slices.values.size(3);
  const auto lines = [&](const Tensor& t) {
    return t.reshape({batch, depth, channels, height * width}).transpose(1, 2).transpose(2, 3).flatten(1, 2);
  };
  const auto [values, at] = max_pool1d_with_indices(lines(slices.values), {.kernel_size = kernel[0],
                                                                           .stride = stride[0],
                                                                           .padding = padding[0],
                                                                           .dilation = dilation[0],
                                                                           .ceil_mode = o.ceil_mode});
  const Tensor slice = clamp(at, 0, {}), pixel = ebb::gather(lines(slices.indices), 2, slice);
  const Tensor is_empty = logical_or(lt(at, 0), lt(pixel, 0));
  const Tensor indices = where(is_empty, scalar_like(at, -1), at * pixels + pixel);
  const auto images = [&, height, width](const Tensor& t) {
    return t.reshape({batch, channels, height * width, t.size(2)})
        .transpose(2, 3)
        .reshape({batch, channels, t.size(2), height, width});
  };
  return {images(values), images(indices)};
}

Tensor max_pool3d(const Tensor& x, const MaxPool3dOptions& options, Site site) {
  return max_pool3d_with_indices(x, options, site).values;
}

}  // namespace ebb
