// A convolution of volumes is the sum, over the slices of the kernel, of convolutions of the volumes' slices.
#include "ebb/autograd/ops/conv/conv.h"
#include "ebb/autograd/ops/detail/autocasting.h"
#include "ebb/autograd/ops/detail/compute.h"
#include "ebb/autograd/ops/detail/window.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/shape/pad.h"
#include "ebb/autograd/ops/shape/shape.h"

namespace ebb {

using ops::Autocasting;
using ops::Precision;

/// x with zeros before and behind, so that every slice of the kernel meets slices of x only.
static Tensor with_depth(const Tensor& x, std::int64_t padding, std::int64_t reach, bool is_same) {
  const std::int64_t before = is_same ? reach / 2 : padding, after = is_same ? reach - before : padding;
  return before + after == 0 ? x : pad(x, {0, 0, 0, 0, before, after});
}

Tensor conv3d(const Tensor& x, const Tensor& weight, const Tensor& bias, const Conv3dOptions& o, Site site) {
  if (const Autocasting as(Precision::lower, x); as) return conv3d(as(x), as(weight), as(bias), o, site);
  const OpScope op("conv3d", site);
  if (x.dim() == 4) return conv3d(x.unsqueeze(0), weight, bias, o).squeeze(0);
  check(x.dim() == 5, "the input must be (N, C, D, H, W) or (C, D, H, W), got shape ", x.shape());
  check(weight.dim() == 5, "the weight must be (O, C / groups, kd, kh, kw), got shape ", weight.shape());
  const bool rounds = is_half_precision(x.dtype()) && weight.dtype() == x.dtype() && weight.size(2) > 1;
  if (rounds) {  // once, not each slice of the kernel
    const Tensor wide = bias.defined() && bias.dtype() == x.dtype() ? ops::opmath(bias) : bias;
    return conv3d(ops::opmath(x), ops::opmath(weight), wide, o).to(x.dtype());
  }
  const Dims stride = ops::three(o.stride, "stride"), padding = ops::three(o.padding, "padding"),
             dilation = ops::three(o.dilation, "dilation");
  ops::check_window({weight.size(2), stride[0], padding[0], dilation[0]});
  check(!o.same_padding || stride[0] == 1, "same_padding needs a stride of 1, got ", stride);

  const std::int64_t reach = dilation[0] * (weight.size(2) - 1);
  const Tensor input = with_depth(x, padding[0], reach, o.same_padding);
  const std::int64_t n = x.size(0), depth = (input.size(2) - reach - 1) / stride[0] + 1;
  check(input.size(2) > reach, "the kernel reaches over ", reach + 1, " slices, the padded input has only ",
        input.size(2));
  const Conv2dOptions plane{.stride = {stride[1], stride[2]},
                            .padding = {padding[1], padding[2]},
                            .dilation = {dilation[1], dilation[2]},
                            .groups = o.groups,
                            .same_padding = o.same_padding};
  Tensor sum;
  for (std::int64_t k = 0; k < weight.size(2); ++k) {
    const std::int64_t first = k * dilation[0], last = first + (depth - 1) * stride[0];
    const Tensor slices = input.slice(2, first, last + 1, stride[0]).transpose(1, 2).flatten(0, 1);
    const Tensor term = conv2d(slices, weight.select(2, k), k == 0 ? bias : Tensor(), plane);
    sum = k == 0 ? term : sum + term;
  }
  return sum.reshape({n, depth, sum.size(1), sum.size(2), sum.size(3)}).transpose(1, 2);
}

}  // namespace ebb
