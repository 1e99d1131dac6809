#include "ebb/autograd/ops/conv/conv.h"

#include <algorithm>
#include <array>

#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/inference/chain.h"
#include "ebb/autograd/ops/detail/autocasting.h"
#include "ebb/autograd/ops/detail/compute.h"
#include "ebb/autograd/ops/detail/window.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/reduce/reduce.h"
#include "ebb/autograd/ops/shape/pad.h"
#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/autograd/record.h"
#include "ebb/kernels/conv/conv.h"

namespace ebb {

using ops::Autocasting;
using ops::Precision;

using autograd::record;
using autograd::Saved;
using autograd::wrt;
using kernels::ConvGeometry;

namespace {

constexpr auto channels_last = MemoryFormat::channels_last;

Tensor empty_image(const Shape& shape, const Tensor& like) {
  return empty(shape, {.dtype = like.dtype(), .device = like.device()}, channels_last);
}

std::int64_t output_size(std::int64_t size, std::int64_t kernel, const ConvGeometry& g, std::size_t i) {
  const std::int64_t padded = size + 2 * g.padding[i], reach = g.dilation[i] * (kernel - 1) + 1;
  check(padded >= reach, "the kernel is larger than the padded input: it reaches over ", reach, " elements of ",
        padded);
  return (padded - reach) / g.stride[i] + 1;
}

void check_bias(const Tensor& bias, std::int64_t channels, DType dtype) {
  if (!bias.defined()) return;
  check(bias.dim() == 1 && bias.size(0) == channels, "the bias must be (", channels, "), got shape ", bias.shape());
  check(bias.dtype() == dtype, "the bias must be ", dtype, " like the input, got ", bias.dtype());
}

void check_operands(const Tensor& x, const Tensor& weight, const ConvGeometry& g, const char* weight_dims) {
  check(x.dim() == 4, "the input must be (N, C, H, W) or (C, H, W), got shape ", x.shape());
  check(weight.dim() == 4, "the weight must be ", weight_dims, ", got shape ", weight.shape());
  check(x.dtype() == weight.dtype() && x.device() == weight.device(), "input and weight must be of one dtype, on one ",
        "device: got ", x.dtype(), " on ", x.device(), " and ", weight.dtype(), " on ", weight.device());
  for (std::size_t i = 0; i < 2; ++i) {
    ops::check_window({weight.size(2 + static_cast<int>(i)), g.stride[i], g.padding[i], g.dilation[i]});
  }
  check(g.groups > 0, "groups must be positive, got ", g.groups);
}

void check_groups(std::int64_t channels, const char* which, std::int64_t groups) {
  check(channels > 0, "there must be ", which, " channels, got none");
  check(channels >= groups && channels % groups == 0, "the ", channels, " ", which, " channels cannot be divided into ",
        groups, " groups");
}

void check_channels(const Tensor& x, const Tensor& weight, std::int64_t taken, std::int64_t groups) {
  check(x.size(1) == taken, "a weight of shape ", weight.shape(), " with groups = ", groups, " takes ", taken,
        " channels, the input of shape ", x.shape(), " has ", x.size(1));
}

/// In inference a weight stays as it is, so that what a kernel makes of it is kept.
enum class Weight : std::uint8_t { changes, stays };

kernels::PackedWeight packed(const Tensor& weight, Weight is) { return {weight, is == Weight::stays}; }

Weight now() { return is_grad_enabled() ? Weight::changes : Weight::stays; }

// The three maps below are each other's gradients: each is linear in both of its operands.

Tensor convolve(const Tensor& x, const Tensor& weight, const Tensor& bias, const Shape& output, const ConvGeometry& g,
                Weight is = Weight::changes);
Tensor convolve_back_to_input(const Tensor& dy, const Tensor& weight, const Tensor& bias, const Shape& input,
                              const ConvGeometry& g, Weight is = Weight::changes);
Tensor convolve_back_to_weight(const Tensor& x, const Tensor& dy, const Shape& weight, const ConvGeometry& g);

Tensor convolve(const Tensor& input, const Tensor& weight, const Tensor& bias, const Shape& output,
                const ConvGeometry& g, Weight is) {
  const OpScope op("conv2d", Site{});
  const Tensor x = contiguous(input, channels_last), w = contiguous(weight);
  if (const Tensor later = autograd::put_off_conv2d(x, w, bias, g, output); later.defined()) return later;
  Tensor y = empty_image(output, x);
  on_device(x.device(), [&](auto& context) { kernels::conv2d(context, x, packed(w, is), {.shift = bias}, g, y); });
  return record(y,
                wrt(x, [w = Saved(w), shape = x.shape(),
                        g](const Tensor& dy) { return convolve_back_to_input(dy, w, {}, shape, g); }),
                wrt(w, [x = Saved(x), shape = w.shape(),
                        g](const Tensor& dy) { return convolve_back_to_weight(x, dy, shape, g); }),
                wrt(bias, [](const Tensor& dy) {
                  return sum(dy, {0, 2, 3});
                }));
}

Tensor convolve_back_to_input(const Tensor& gradient, const Tensor& weight, const Tensor& bias, const Shape& input,
                              const ConvGeometry& g, Weight is) {
  const OpScope op("conv2d_backward_input", Site{});
  const Tensor dy = contiguous(gradient, channels_last), w = contiguous(weight);
  const auto convolve_back = [g, is](auto& context, std::span<const Tensor> of, Tensor& to) {
    kernels::conv2d_backward_input(context, of[0], packed(of[1], is), of.size() > 2 ? of[2] : Tensor(), g, to);
  };
  const std::array operands{dy, w, bias};
  const std::span inputs(operands.data(), bias.defined() ? 3 : 2);
  const Tensor dx = ops::made(inputs, input, channels_last, convolve_back);
  return record(
      dx, wrt(dy, [w = Saved(w), shape = dy.shape(), g](const Tensor& ddx) { return convolve(ddx, w, {}, shape, g); }),
      wrt(w, [dy = Saved(dy), shape = w.shape(),
              g](const Tensor& ddx) { return convolve_back_to_weight(ddx, dy, shape, g); }),
      wrt(bias, [](const Tensor& ddx) {
        return sum(ddx, {0, 2, 3});
      }));
}

Tensor convolve_back_to_weight(const Tensor& input, const Tensor& gradient, const Shape& weight,
                               const ConvGeometry& g) {
  const OpScope op("conv2d_backward_weight", Site{});
  const Tensor x = contiguous(input, channels_last), dy = contiguous(gradient, channels_last);
  Tensor dw = empty(weight, {.dtype = x.dtype(), .device = x.device()});
  on_device(x.device(), [&](auto& context) { kernels::conv2d_backward_weight(context, x, dy, g, dw); });
  return record(
      dw,
      wrt(x, [dy = Saved(dy), shape = x.shape(),
              g](const Tensor& ddw) { return convolve_back_to_input(dy, ddw, {}, shape, g); }),
      wrt(dy, [x = Saved(x), shape = dy.shape(), g](const Tensor& ddw) { return convolve(x, ddw, {}, shape, g); }));
}

std::int64_t transposed_size(std::int64_t size, std::int64_t kernel, std::int64_t added, const ConvGeometry& g,
                             std::size_t i) {
  check(added >= 0 && added < std::max(g.stride[i], g.dilation[i]),
        "output_padding must be smaller than the stride or ", "the dilation, and not negative: got ", added,
        " for stride ", g.stride[i], ", dilation ", g.dilation[i]);
  const std::int64_t result = (size - 1) * g.stride[i] - 2 * g.padding[i] + g.dilation[i] * (kernel - 1) + added + 1;
  check(size > 0 && result > 0, "an input of size ", size, " gives a result of size ", result, "; it must be positive");
  return result;
}

ConvGeometry geometry_of(Size2 stride, Size2 padding, Size2 dilation, std::int64_t groups) {
  return {{stride.height, stride.width}, {padding.height, padding.width}, {dilation.height, dilation.width}, groups};
}

/// As many zeros as keep the size; where they are odd in number, x with the last one added.
Tensor padded_as_same(const Tensor& x, const Tensor& weight, ConvGeometry& g) {
  Dims odd = Dims::filled(4, 0);
  for (std::size_t i = 0; i < 2; ++i) {
    check(g.stride[i] == 1, "same_padding needs a stride of 1, got ", g.stride[i]);
    const std::int64_t zeros = g.dilation[i] * (weight.shape()[2 + static_cast<int>(i)] - 1);
    g.padding[i] = zeros / 2;
    odd[i == 0 ? 3 : 1] = zeros % 2;
  }
  return odd[1] + odd[3] == 0 ? x : pad(x, odd);
}

}  // namespace

Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias, const Conv2dOptions& o, Site site) {
  if (const Autocasting as(Precision::lower, x); as) return conv2d(as(x), as(weight), as(bias), o, site);
  const OpScope op("conv2d", site);
  if (x.dim() == 3) return conv2d(x.unsqueeze(0), weight, bias, o).squeeze(0);
  ConvGeometry geometry = geometry_of(o.stride, o.padding, o.dilation, o.groups);
  check_operands(x, weight, geometry, "(O, C / groups, kh, kw)");
  check_groups(weight.size(0), "output", o.groups);
  check_channels(x, weight, weight.size(1) * o.groups, o.groups);
  check_bias(bias, weight.size(0), x.dtype());
  const Tensor input = o.same_padding ? padded_as_same(x, weight, geometry) : x;
  const Shape shape{x.size(0), weight.size(0), output_size(input.size(2), weight.size(2), geometry, 0),
                    output_size(input.size(3), weight.size(3), geometry, 1)};
  return convolve(input, weight, bias.defined() ? contiguous(bias) : bias, shape, geometry, now());
}

Tensor conv_transpose2d(const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvTranspose2dOptions& o,
                        Site site) {
  if (const Autocasting as(Precision::lower, x); as) return conv_transpose2d(as(x), as(weight), as(bias), o, site);
  const OpScope op("conv_transpose2d", site);
  if (x.dim() == 3) return conv_transpose2d(x.unsqueeze(0), weight, bias, o).squeeze(0);
  const ConvGeometry geometry = geometry_of(o.stride, o.padding, o.dilation, o.groups);
  check_operands(x, weight, geometry, "(C, O / groups, kh, kw)");
  check_groups(weight.size(0), "input", o.groups);
  check_channels(x, weight, weight.size(0), o.groups);
  const std::int64_t channels = weight.size(1) * o.groups;
  check_bias(bias, channels, x.dtype());
  const Shape shape{x.size(0), channels,
                    transposed_size(x.size(2), weight.size(2), o.output_padding.height, geometry, 0),
                    transposed_size(x.size(3), weight.size(3), o.output_padding.width, geometry, 1)};
  return convolve_back_to_input(x, weight, bias.defined() ? contiguous(bias) : bias, shape, geometry, now());
}

}  // namespace ebb
