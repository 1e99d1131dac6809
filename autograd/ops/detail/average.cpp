#include "ebb/autograd/ops/detail/average.h"

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/autograd/record.h"

namespace ebb::ops {

using autograd::record;
using autograd::wrt;
using kernels::AveragePooling;

bool are_channels_last(const Tensor& x) { return x.dim() == 4 && x.suggested_format() == MemoryFormat::channels_last; }

namespace {

constexpr auto channels_last = MemoryFormat::channels_last;

Tensor image_like(const Tensor& x, const Dims& sizes) {
  return empty({x.size(0), x.size(1), sizes[0], sizes[1]}, {.dtype = x.dtype(), .device = x.device()}, channels_last);
}

// The two maps below are each other's gradients.

Tensor gathered(const Tensor& input, const AveragePooling& pooling, const Dims& sizes);

Tensor spread(const Tensor& gradient, const AveragePooling& pooling, const Dims& sizes) {
  const OpScope op("avg_pool2d_backward", Site{});
  const Tensor dy = contiguous(gradient, channels_last);
  Tensor dx = image_like(dy, sizes);
  on_device(dy.device(), [&](auto& context) { kernels::avg_pool2d_backward(context, dy, pooling, dx); });
  return record(dx, wrt(dy, [pooling, of_y = Dims{dy.size(2), dy.size(3)}](const Tensor& ddx) {
                  return gathered(ddx, pooling, of_y);
                }));
}

Tensor gathered(const Tensor& input, const AveragePooling& pooling, const Dims& sizes) {
  const OpScope op("avg_pool2d", Site{});
  const Tensor x = contiguous(input, channels_last);
  Tensor y = image_like(x, sizes);
  on_device(x.device(), [&](auto& context) { kernels::avg_pool2d(context, x, pooling, y); });
  return record(
      y, wrt(x, [pooling, of_x = Dims{x.size(2), x.size(3)}](const Tensor& dy) { return spread(dy, pooling, of_x); }));
}

}  // namespace

Tensor averages(const Tensor& x, const AveragePooling& pooling, const Dims& sizes) {
  return gathered(x, pooling, sizes);
}

}  // namespace ebb::ops
