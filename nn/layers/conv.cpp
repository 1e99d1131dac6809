#include "ebb/nn/layers/conv.h"

#include "ebb/autograd/ops/detail/window.h"

namespace ebb::nn {

static Size2 size_of_two(const Dims& dims) { return {dims[0], dims[1]}; }

static Dims sizes(std::int64_t length, const char*) { return {length}; }
static Dims sizes(Size2 size, const char*) { return {size.height, size.width}; }
static Dims sizes(const Dims& dims, const char* what) { return ops::three(dims, what); }

/// What the options of all convolutions have.
template <class Options>
static ConvBase::Geometry common(const Options& o) {
  return {.in_channels = o.in_channels,
          .out_channels = o.out_channels,
          .kernel_size = sizes(o.kernel_size, "Conv3d: kernel_size"),
          .stride = sizes(o.stride, "Conv3d: stride"),
          .dilation = sizes(o.dilation, "Conv3d: dilation"),
          .padding = o.padding,
          .groups = o.groups,
          .bias = o.bias};
}

template <class Options>
static ConvBase::Geometry forward_geometry(const Options& o) {
  ConvBase::Geometry geometry = common(o);
  geometry.padding_mode = o.padding_mode;
  return geometry;
}

template <class Options>
static ConvBase::Geometry transposed_geometry(const Options& o) {
  ConvBase::Geometry geometry = common(o);
  geometry.output_padding = sizes(o.output_padding, "");
  geometry.is_transposed = true;
  return geometry;
}

Conv1d::Conv1d(const Conv1dOptions& o) : ConvBase(forward_geometry(o)) {}

Tensor Conv1d::operator()(const Tensor& x) const {
  const Geometry& o = options;
  return ebb::conv1d(padded(x), weight, bias,
                     {.stride = o.stride[0],
                      .padding = pads_itself() ? 0 : o.padding.sizes[0],
                      .dilation = o.dilation[0],
                      .groups = o.groups,
                      .same_padding = !pads_itself() && o.padding.name == "same"});
}

Conv2d::Conv2d(const Conv2dOptions& o) : ConvBase(forward_geometry(o)) {}

Tensor Conv2d::operator()(const Tensor& x) const {
  const Geometry& o = options;
  return ebb::conv2d(padded(x), weight, bias,
                     {.stride = size_of_two(o.stride),
                      .padding = pads_itself() ? Size2(0) : size_of_two(o.padding.sizes),
                      .dilation = size_of_two(o.dilation),
                      .groups = o.groups,
                      .same_padding = !pads_itself() && o.padding.name == "same"});
}

Conv3d::Conv3d(const Conv3dOptions& o) : ConvBase(forward_geometry(o)) {}

Tensor Conv3d::operator()(const Tensor& x) const {
  const Geometry& o = options;
  return ebb::conv3d(padded(x), weight, bias,
                     {.stride = o.stride,
                      .padding = pads_itself() ? Dims{0} : o.padding.sizes,
                      .dilation = o.dilation,
                      .groups = o.groups,
                      .same_padding = !pads_itself() && o.padding.name == "same"});
}

ConvTranspose1d::ConvTranspose1d(const ConvTranspose1dOptions& o) : ConvBase(transposed_geometry(o)) {}

Tensor ConvTranspose1d::operator()(const Tensor& x) const {
  const Geometry& o = options;
  return ebb::conv_transpose1d(x, weight, bias,
                               {.stride = o.stride[0],
                                .padding = o.padding.sizes[0],
                                .output_padding = o.output_padding[0],
                                .groups = o.groups,
                                .dilation = o.dilation[0]});
}

ConvTranspose2d::ConvTranspose2d(const ConvTranspose2dOptions& o) : ConvBase(transposed_geometry(o)) {}

Tensor ConvTranspose2d::operator()(const Tensor& x) const {
  const Geometry& o = options;
  return ebb::conv_transpose2d(x, weight, bias,
                               {.stride = size_of_two(o.stride),
                                .padding = size_of_two(o.padding.sizes),
                                .output_padding = size_of_two(o.output_padding),
                                .groups = o.groups,
                                .dilation = size_of_two(o.dilation)});
}

}  // namespace ebb::nn
