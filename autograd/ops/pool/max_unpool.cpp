#include "ebb/autograd/ops/pool/max_unpool.h"

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/detail/window.h"
#include "ebb/autograd/ops/index/gather.h"
#include "ebb/autograd/ops/shape/shape.h"

namespace ebb {
namespace {

/// The size that a pooling with `w` would make `size` of; or `wanted`, which differs by less than a stride.
std::int64_t unpooled_size(std::int64_t size, const ops::Window& w, std::optional<std::int64_t> wanted) {
  ops::check_window(w);
  const std::int64_t usual = (size - 1) * w.stride - 2 * w.padding + w.kernel;
  if (wanted) {
    check(usual - w.stride < *wanted && *wanted < usual + w.stride, "output_size must lie between ", usual - w.stride,
          " and ", usual + w.stride, " (without these) for an input of size ", size, ", got ", *wanted);
  }
  const std::int64_t result = wanted.value_or(usual);
  check(result > 0, "an input of size ", size, " gives a result of size ", result, "; it must be positive");
  return result;
}

/// `sizes`: of the result, without (N, C).
Tensor unpool(const Tensor& x, const Tensor& indices, const Dims& sizes) {
  check(indices.dtype() == kInt64, "the indices must be int64, got ", indices.dtype());
  check(indices.shape() == x.shape(), "the indices must have the shape of the input, ", x.shape(), ", got ",
        indices.shape());
  Shape shape = x.shape();
  for (int i = 0; i < sizes.size(); ++i) shape[x.dim() - sizes.size() + i] = sizes[i];
  Shape lines = shape;
  while (lines.size() > x.dim() - sizes.size()) lines.erase(lines.size() - 1);
  lines.push_back(numel(sizes));
  const Tensor canvas = zeros(lines, {.dtype = x.dtype(), .device = x.device()});
  return scatter(canvas, -1, indices.flatten(-sizes.size()), x.flatten(-sizes.size())).reshape(shape);
}

}  // namespace

Tensor max_unpool1d(const Tensor& x, const Tensor& indices, const MaxUnpool1dOptions& o, Site site) {
  const OpScope op("max_unpool1d", site);
  ops::check_images(x, 1);
  const ops::Window w{o.kernel_size, o.stride.value_or(o.kernel_size), o.padding};
  return unpool(x, indices, {unpooled_size(x.size(-1), w, o.output_size)});
}

Tensor max_unpool2d(const Tensor& x, const Tensor& indices, const MaxUnpool2dOptions& o, Site site) {
  const OpScope op("max_unpool2d", site);
  ops::check_images(x, 2);
  const Size2 stride = o.stride.value_or(o.kernel_size);
  const auto wanted = [&](std::int64_t Size2::*side) {
    return o.output_size ? std::optional(*o.output_size.*side) : std::nullopt;
  };
  return unpool(
      x, indices,
      {unpooled_size(x.size(-2), {o.kernel_size.height, stride.height, o.padding.height}, wanted(&Size2::height)),
       unpooled_size(x.size(-1), {o.kernel_size.width, stride.width, o.padding.width}, wanted(&Size2::width))});
}

Tensor max_unpool3d(const Tensor& x, const Tensor& indices, const MaxUnpool3dOptions& o, Site site) {
  const OpScope op("max_unpool3d", site);
  ops::check_images(x, 3);
  const Dims kernel = ops::three(o.kernel_size, "kernel_size"), padding = ops::three(o.padding, "padding"),
             stride = o.stride.empty() ? kernel : ops::three(o.stride, "stride");
  const Dims wanted = o.output_size.empty() ? Dims() : ops::three(o.output_size, "output_size");
  Dims sizes;
  for (int i = 0; i < 3; ++i) {
    sizes.push_back(unpooled_size(x.size(i - 3), {kernel[i], stride[i], padding[i]},
                                  wanted.empty() ? std::nullopt : std::optional(wanted[i])));
  }
  return unpool(x, indices, sizes);
}

}  // namespace ebb
