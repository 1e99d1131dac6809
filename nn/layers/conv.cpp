#include "ebb/nn/layers/conv.h"

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
  for (const std::int64_t d : dims) {
    if (d != value) return false;
  }
  return true;
}

Shape weight_shape(const ConvBase::Geometry& g) {
  check(g.groups > 0 && g.in_channels % g.groups == 0 && g.out_channels % g.groups == 0, "in_channels (", g.in_channels,
        ") and out_channels (", g.out_channels, ") must be divisible by groups (", g.groups, ")");
  Shape shape{g.is_transposed ? g.in_channels : g.out_channels,
              (g.is_transposed ? g.out_channels : g.in_channels) / g.groups};
  for (const std::int64_t size : g.kernel_size) shape.push_back(size);
  return shape;
}

/// With one number of each size for each dimension.
ConvBase::Geometry expanded(ConvBase::Geometry g, int dims) {
  constexpr const char* allowed[] = {"number", "number or two", "number or three"};
  const auto expand = [&](const char* what, ConvSize& size) {
    check(size.size() == 1 || size.size() == dims, g.is_transposed ? "ConvTranspose" : "Conv", dims, "d: ", what,
          " must be one ", allowed[dims - 1], ", got ", size);
    if (size.size() == 1) size = Dims::filled(dims, size[0]);
  };
  expand("kernel_size", g.kernel_size);
  expand("stride", g.stride);
  expand("dilation", g.dilation);
  expand("output_padding", g.output_padding);
  check(g.padding.name != "same" || all_are(g.stride, 1),
        "padding = \"same\" is not defined for a stride other than 1, got ", g.stride);
  check(g.padding.sizes.size() == 1 || g.padding.sizes.size() == dims,
        "the padding needs one number for all dimensions, or ", dims, ", got ", g.padding.sizes);
  expand("padding", g.padding.sizes);
  return g;
}

void set(std::int64_t& size, const Dims& dims) { size = dims[0]; }
void set(Size2& size, const Dims& dims) { size = {dims[0], dims[1]}; }
void set(Dims& size, const Dims& dims) { size = dims; }

/// The options of ebb::conv1d, conv2d or conv3d.
template <class Options>
Options conv_options(const ConvBase::Geometry& o) {
  Options options{.groups = o.groups};
  set(options.stride, o.stride);
  set(options.dilation, o.dilation);
  if (o.padding_mode == PaddingMode::zeros) {
    set(options.padding, o.padding.sizes);
    options.same_padding = o.padding.name == "same";
  }
  return options;
}

template <class Options>
Options conv_transpose_options(const ConvBase::Geometry& o) {
  Options options{.groups = o.groups};
  set(options.stride, o.stride);
  set(options.padding, o.padding.sizes);
  set(options.output_padding, o.output_padding);
  set(options.dilation, o.dilation);
  return options;
}

}  // namespace

ConvPadding::ConvPadding(const std::string& name) : name(name) {
  check(name == "same" || name == "valid", "the padding is a number, \"same\" or \"valid\", got \"", name, "\"");
}

ConvBase::ConvBase(int dims, const Geometry& geometry)
    : options(expanded(geometry, dims)),
      weight(this, "weight", empty(weight_shape(options))),
      bias(this, "bias", options.bias ? empty({options.out_channels}) : Tensor()) {
  reset_parameters();
}

ConvBase::ConvBase(int dims, const ConvTransposeOptions& o)
    : ConvBase(dims, Geometry{{.in_channels = o.in_channels,
                               .out_channels = o.out_channels,
                               .kernel_size = o.kernel_size,
                               .stride = o.stride,
                               .padding = o.padding,
                               .dilation = o.dilation,
                               .groups = o.groups,
                               .bias = o.bias},
                              o.output_padding,
                              true}) {}

void ConvBase::reset_parameters() {
  init::kaiming_uniform_(weight, {.a = std::sqrt(5.0)});
  if (bias->defined()) init::uniform_bias_(bias, weight);
}

Tensor ConvBase::padded(const Tensor& x) const {
  if (options.padding_mode == PaddingMode::zeros) return x;
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
  if (o.padding_mode != PaddingMode::zeros) text += std::string(", padding_mode=") + name_of(o.padding_mode);
  return text;
}

Tensor Conv1d::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);

  return ebb::conv1d(padded(x), weight, bias, conv_options<ebb::Conv1dOptions>(options));
}

Tensor Conv2d::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);

  return ebb::conv2d(padded(x), weight, bias, conv_options<ebb::Conv2dOptions>(options));
}

Tensor Conv3d::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);

  return ebb::conv3d(padded(x), weight, bias, conv_options<ebb::Conv3dOptions>(options));
}

Tensor ConvTranspose1d::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);

  return ebb::conv_transpose1d(x, weight, bias, conv_transpose_options<ebb::ConvTranspose1dOptions>(options));
}

Tensor ConvTranspose2d::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);

  return ebb::conv_transpose2d(x, weight, bias, conv_transpose_options<ebb::ConvTranspose2dOptions>(options));
}

}  // namespace ebb::nn
