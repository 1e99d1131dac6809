#include "ebb/nn/layers/conv_base.h"

#include <algorithm>
#include <cmath>

#include "ebb/autograd/ops/shape/pad.h"
#include "ebb/nn/init/init.h"
#include "ebb/nn/repr.h"

namespace ebb::nn {
namespace {

const char* name_of(PaddingMode mode) {
  switch (mode) {
    case PaddingMode::reflect:
      return "reflect";
    case PaddingMode::replicate:
      return "replicate";
    case PaddingMode::circular:
      return "circular";
    default:
      return "zeros";
  }
}

PadMode pad_mode(PaddingMode mode) {
  return mode == PaddingMode::reflect     ? PadMode::reflect
         : mode == PaddingMode::replicate ? PadMode::replicate
                                          : PadMode::circular;
}

bool all_are(const Dims& dims, std::int64_t value) {
  return std::ranges::all_of(dims, [value](std::int64_t d) { return d == value; });
}

Shape weight_shape(const ConvBase::Geometry& g) {
  check(g.groups > 0 && g.in_channels % g.groups == 0 && g.out_channels % g.groups == 0, "in_channels (", g.in_channels,
        ") and out_channels (", g.out_channels, ") must be divisible by groups (", g.groups, ")");
  Shape shape{g.is_transposed ? g.in_channels : g.out_channels,
              (g.is_transposed ? g.out_channels : g.in_channels) / g.groups};
  for (const std::int64_t size : g.kernel_size) shape.push_back(size);
  return shape;
}

/// With one number of padding for each dimension.
ConvBase::Geometry checked(ConvBase::Geometry g) {
  check(g.padding.name != "same" || all_are(g.stride, 1),
        "padding = \"same\" is not defined for a stride other than 1, got ", g.stride);
  const int dims = g.kernel_size.size();
  if (g.padding.sizes.size() == 1) g.padding.sizes = Dims::filled(dims, g.padding.sizes[0]);
  check(g.padding.sizes.size() == dims, "the padding needs one number for all dimensions, or ", dims, ", got ",
        g.padding.sizes);
  return g;
}

}  // namespace

ConvPadding::ConvPadding(const std::string& name) : name(name) {
  check(name == "same" || name == "valid", "the padding is a number, \"same\" or \"valid\", got \"", name, "\"");
}

ConvBase::ConvBase(const Geometry& geometry)
    : options(checked(geometry)),
      weight(this, "weight", empty(weight_shape(options))),
      bias(this, "bias", options.bias ? empty({options.out_channels}) : Tensor()) {
  reset_parameters();
}

void ConvBase::reset_parameters() {
  init::kaiming_uniform_(weight, {.a = std::sqrt(5.0)});
  if (bias->defined()) init::uniform_bias_(bias, weight);
}

Tensor ConvBase::padded(const Tensor& x) const {
  if (!pads_itself()) return x;
  Dims padding;  // the last dimension first
  for (int i = options.kernel_size.size() - 1; i >= 0; --i) {
    const bool is_same = options.padding.name == "same";
    const std::int64_t reach = options.dilation[i] * (options.kernel_size[i] - 1);
    const std::int64_t before = is_same ? reach / 2 : options.padding.sizes[i];
    padding.push_back(before);
    padding.push_back(is_same ? reach - before : before);
  }
  return pad(x, padding, pad_mode(options.padding_mode));
}

// The order is PyTorch's.
std::string ConvBase::extra_repr() const {
  const Geometry& o = options;
  std::string text = std::to_string(o.in_channels) + ", " + std::to_string(o.out_channels) +
                     ", kernel_size=" + repr(o.kernel_size) + ", stride=" + repr(o.stride);
  if (!o.padding.name.empty()) {
    text += ", padding=" + o.padding.name;
  } else if (!all_are(o.padding.sizes, 0)) {
    text += ", padding=" + repr(o.padding.sizes);
  }
  if (!all_are(o.dilation, 1)) text += ", dilation=" + repr(o.dilation);
  if (!all_are(o.output_padding, 0)) text += ", output_padding=" + repr(o.output_padding);
  if (o.groups != 1) text += ", groups=" + std::to_string(o.groups);
  if (!o.bias) text += ", bias=False";
  if (pads_itself()) text += std::string(", padding_mode=") + name_of(o.padding_mode);
  return text;
}

}  // namespace ebb::nn
