// Convolutions of one dimension are those of images of one row.
#include "ebb/autograd/autocast/autocasting.h"
#include "ebb/autograd/ops/conv/conv.h"
#include "ebb/autograd/ops/shape/shape.h"

namespace ebb {

using autograd::Autocasting;
using autograd::Precision;

static void check_line(const Tensor& x, const Tensor& weight, const char* weight_dims) {
  check(x.dim() == 2 || x.dim() == 3, "the input must be (N, C, L) or (C, L), got shape ", x.shape());
  check(weight.dim() == 3, "the weight must be ", weight_dims, ", got shape ", weight.shape());
}

Tensor conv1d(const Tensor& x, const Tensor& weight, const Tensor& bias, const Conv1dOptions& o, Site site) {
  if (const Autocasting as(Precision::lower, x); as) return conv1d(as(x), as(weight), as(bias), o, site);
  const OpScope op("conv1d", site);
  check_line(x, weight, "(O, C / groups, k)");
  return conv2d(x.unsqueeze(-2), weight.unsqueeze(-2), bias,
                {.stride = {1, o.stride},
                 .padding = {0, o.padding},
                 .dilation = {1, o.dilation},
                 .groups = o.groups,
                 .same_padding = o.same_padding})
      .squeeze(-2);
}

Tensor conv_transpose1d(const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvTranspose1dOptions& o,
                        Site site) {
  if (const Autocasting as(Precision::lower, x); as) return conv_transpose1d(as(x), as(weight), as(bias), o, site);
  const OpScope op("conv_transpose1d", site);
  check_line(x, weight, "(C, O / groups, k)");
  return conv_transpose2d(x.unsqueeze(-2), weight.unsqueeze(-2), bias,
                          {.stride = {1, o.stride},
                           .padding = {0, o.padding},
                           .output_padding = {0, o.output_padding},
                           .groups = o.groups,
                           .dilation = {1, o.dilation}})
      .squeeze(-2);
}

}  // namespace ebb
