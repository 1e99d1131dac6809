// Convolutions and linear maps.
#include "ebb/interop/python/classes.h"

namespace ebb::interop {
namespace {

constexpr const char* convolutions = "torch.nn.modules.conv";

using Geometry = nn::ConvBase::Geometry;

/// What PyTorch pads with, the last dimension first, each number twice: before and after.
Value padding_around(const Geometry& o) {
  std::vector<Value> around;
  for (int i = o.kernel_size.size() - 1; i >= 0; --i) {
    const std::int64_t reach = o.dilation[i] * (o.kernel_size[i] - 1);
    const bool is_same = o.padding.name == "same";
    const std::int64_t before = is_same ? reach / 2 : o.padding.name == "valid" ? 0 : o.padding.sizes[i];
    around.emplace_back(before);
    around.emplace_back(is_same ? reach - before : before);
  }
  return o.padding.name.empty() ? Value::tuple(std::move(around)) : Value::list(std::move(around));
}

void read_weight(const PythonFields& field, const Geometry& o) {
  check(o.groups > 0, "attribute groups must be positive, got ", o.groups);
  const std::int64_t first = o.is_transposed ? o.in_channels : o.out_channels;
  const std::int64_t second = (o.is_transposed ? o.out_channels : o.in_channels) / o.groups;
  Shape shape{first, second};
  for (const std::int64_t size : o.kernel_size) shape.push_back(size);
  field.has_tensor("weight", shape);
}

void list_fields(PythonFields& field, Geometry& o) {
  field("in_channels", o.in_channels);
  field("out_channels", o.out_channels);
  field("kernel_size", o.kernel_size);
  field("stride", o.stride);
  field("padding", o.padding);
  field("dilation", o.dilation);
  field("transposed", o.is_transposed);
  if (field.is_writing() && o.output_padding.empty()) o.output_padding = Dims::filled(o.kernel_size.size(), 0);
  field("output_padding", o.output_padding);
  field("groups", o.groups);
  field("padding_mode", o.padding_mode);
  field.has_parameter("bias", o.bias);
  if (field.is_writing()) field.fixed("_reversed_padding_repeated_twice", padding_around(o));
}

/// What is read, each size for as many dimensions as there are.
Geometry read_geometry(PythonFields& field, int dims) {
  Geometry o{.in_channels = 0, .out_channels = 0, .kernel_size = {}, .stride = {}, .dilation = {}};
  list_fields(field, o);
  if (o.padding.name.empty()) check(o.padding.sizes.size() == dims, "attribute padding must have ", dims, " sizes");
  for (const Dims* sizes : {&o.kernel_size, &o.stride, &o.dilation}) {
    check(sizes->size() == dims, "attributes kernel_size, stride and dilation must have ", dims, " sizes, got ",
          *sizes);
  }
  if (o.is_transposed) check(o.output_padding.size() == dims, "attribute output_padding must have ", dims, " sizes");
  read_weight(field, o);
  return o;
}

Size2 two(const Dims& sizes) { return {sizes[0], sizes[1]}; }

template <class M, class Make>
PythonClass convolution(const char* name, int dims, bool is_transposed, Make make) {
  return {convolutions, name, &typeid(M),
          [=](PythonFields& field, const ReadChild&) -> nn::SharedLayer {
            const Geometry o = read_geometry(field, dims);
            check(o.is_transposed == is_transposed, "attribute transposed is not what the class is");
            return M(make(o));
          },
          [](PythonFields& field, const nn::Module& of) {
            Geometry o = static_cast<const nn::ConvBase&>(of).options;
            list_fields(field, o);
          }};
}

nn::Conv1dOptions one_dim(const Geometry& o) {
  return {o.in_channels, o.out_channels, o.kernel_size[0], o.stride[0],   o.padding,
          o.dilation[0], o.groups,       o.bias,           o.padding_mode};
}
nn::Conv2dOptions two_dims(const Geometry& o) {
  return {o.in_channels, o.out_channels, two(o.kernel_size), two(o.stride), o.padding, two(o.dilation),
          o.groups,      o.bias,         o.padding_mode};
}
nn::Conv3dOptions three_dims(const Geometry& o) {
  return {o.in_channels, o.out_channels, o.kernel_size, o.stride,      o.padding,
          o.dilation,    o.groups,       o.bias,        o.padding_mode};
}
nn::ConvTranspose1dOptions transposed_one_dim(const Geometry& o) {
  return {o.in_channels,       o.out_channels, o.kernel_size[0], o.stride[0],  o.padding.sizes[0],
          o.output_padding[0], o.groups,       o.bias,           o.dilation[0]};
}
nn::ConvTranspose2dOptions transposed_two_dims(const Geometry& o) {
  return {o.in_channels, o.out_channels, two(o.kernel_size), two(o.stride), two(o.padding.sizes), two(o.output_padding),
          o.groups,      o.bias,         two(o.dilation)};
}

void list_linear(PythonFields& field, nn::LinearOptions& o) {
  field("in_features", o.in_features);
  field("out_features", o.out_features);
  field.has_parameter("bias", o.bias);
  field.has_tensor("weight", {o.out_features, o.in_features});
}

void list_bilinear(PythonFields& field, nn::BilinearOptions& o) {
  field("in1_features", o.in1_features);
  field("in2_features", o.in2_features);
  field("out_features", o.out_features);
  field.has_parameter("bias", o.bias);
  field.has_tensor("weight", {o.out_features, o.in1_features, o.in2_features});
}

void list_embedding(PythonFields& field, nn::EmbeddingOptions& o) {
  field("num_embeddings", o.num_embeddings);
  field("embedding_dim", o.embedding_dim);
  field("padding_idx", o.padding_idx);
  field.fixed("max_norm", {});
  field.fixed("norm_type", 2.0);
  field.fixed("scale_grad_by_freq", false);
  field.fixed("sparse", false);
  field.has_tensor("weight", {o.num_embeddings, o.embedding_dim});
}

}  // namespace

void add_convolutions(std::vector<PythonClass>& table) {
  table.push_back(convolution<nn::Conv1d>("Conv1d", 1, false, one_dim));
  table.push_back(convolution<nn::Conv2d>("Conv2d", 2, false, two_dims));
  table.push_back(convolution<nn::Conv3d>("Conv3d", 3, false, three_dims));
  table.push_back(convolution<nn::ConvTranspose1d>("ConvTranspose1d", 1, true, transposed_one_dim));
  table.push_back(convolution<nn::ConvTranspose2d>("ConvTranspose2d", 2, true, transposed_two_dims));
  constexpr const char* linear = "torch.nn.modules.linear";
  table.push_back(without_options<nn::Identity>(linear, "Identity"));
  table.push_back(with_options<nn::Linear>(linear, "Linear", nn::LinearOptions{0, 0}, list_linear));
  table.push_back(with_options<nn::Bilinear>(linear, "Bilinear", nn::BilinearOptions{0, 0, 0}, list_bilinear));
  table.push_back(
      with_options<nn::Embedding>("torch.nn.modules.sparse", "Embedding", nn::EmbeddingOptions{0, 0}, list_embedding));
}

}  // namespace ebb::interop
