#include "ebb/autograd/ops/detail/average.h"

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/detail/compute.h"
#include "ebb/autograd/ops/detail/window.h"
#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/autograd/record.h"

namespace ebb::ops {

using autograd::record;
using autograd::wrt;
using kernels::AveragePooling;

bool can_average(const Tensor& x, std::int64_t elements) {
  if (x.dim() != 4) return false;
  return x.suggested_format() == MemoryFormat::channels_last || (x.is_cuda() && elements < 16);
}

namespace {

Tensor image_like(const Tensor& x, const Dims& sizes, MemoryFormat format) {
  return empty({x.size(0), x.size(1), sizes[0], sizes[1]}, {.dtype = x.dtype(), .device = x.device()}, format);
}

// The two maps below are each other's gradients.

Tensor gathered(const Tensor& input, const AveragePooling& pooling, const Dims& sizes, MemoryFormat format);

Tensor spread(const Tensor& gradient, const AveragePooling& pooling, const Dims& sizes, MemoryFormat format) {
  const OpScope op("avg_pool2d_backward", Site{});
  const Tensor dy = contiguous(gradient, format), dx = image_like(dy, sizes, format);
  Tensor to = as_images(dx, format);
  on_device(dy.device(),
            [&](auto& context) { kernels::avg_pool2d_backward(context, as_images(dy, format), pooling, to); });
  return record(dx, wrt(dy, [pooling, of_y = Dims{dy.size(2), dy.size(3)}, format](const Tensor& ddx) {
                  return gathered(ddx, pooling, of_y, format);
                }));
}

Tensor gathered(const Tensor& input, const AveragePooling& pooling, const Dims& sizes, MemoryFormat format) {
  const OpScope op("avg_pool2d", Site{});
  const Tensor x = contiguous(input, format);
  const auto average = [format, pooling](auto& context, std::span<const Tensor> of, Tensor& y) {
    Tensor to = as_images(y, format);
    kernels::avg_pool2d(context, as_images(of[0], format), pooling, to);
  };
  const Tensor y = made({&x, 1}, {x.size(0), x.size(1), sizes[0], sizes[1]}, format, average);
  return record(y, wrt(x, [pooling, of_x = Dims{x.size(2), x.size(3)}, format](const Tensor& dy) {
                  return spread(dy, pooling, of_x, format);
                }));
}

}  // namespace

Tensor averages(const Tensor& x, const AveragePooling& pooling, const Dims& sizes) {
  return gathered(x, pooling, sizes, pooling_format(x));
}

}  // namespace ebb::ops
