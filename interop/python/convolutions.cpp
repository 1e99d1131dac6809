// Convolutions and linear maps.
#include "ebb/interop/python/classes.h"
#include "ebb/nn/layers/conv.h"
#include "ebb/nn/layers/embedding.h"
#include "ebb/nn/layers/linear.h"

namespace ebb::interop {
namespace {

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

void list_convolution(PythonFields& field, Geometry& o) {
  field("in_channels", o.in_channels);
  field("out_channels", o.out_channels);
  field("kernel_size", o.kernel_size);
  field("stride", o.stride);
  field("padding", o.padding);
  field("dilation", o.dilation);
  field("transposed", o.is_transposed);
  field("output_padding", o.output_padding);
  field("groups", o.groups);
  field("padding_mode", o.padding_mode);
  field.has_parameter("bias", o.bias);
  if (field.is_writing()) field.fixed("_reversed_padding_repeated_twice", padding_around(o));
}

/// What is read, each size for as many dimensions as there are.
Geometry read_geometry(PythonFields& field, int dims) {
  Geometry o{{.in_channels = 0, .out_channels = 0, .kernel_size = {}, .stride = {}, .dilation = {}}};
  list_convolution(field, o);
  if (o.padding.name.empty()) check(o.padding.sizes.size() == dims, "attribute padding must have ", dims, " sizes");
  for (const Dims* sizes : {&o.kernel_size, &o.stride, &o.dilation}) {
    check(sizes->size() == dims, "attributes kernel_size, stride and dilation must have ", dims, " sizes, got ",
          *sizes);
  }
  if (o.is_transposed) check(o.output_padding.size() == dims, "attribute output_padding must have ", dims, " sizes");
  read_weight(field, o);
  return o;
}

template <class M, int dims>
nn::SharedLayer make_convolution(PythonFields& field, const ReadChild&) {
  const Geometry o = read_geometry(field, dims);
  check(!o.is_transposed, "attribute transposed is not what the class is");
  return M(o);
}

template <class M, int dims>
nn::SharedLayer make_transposed(PythonFields& field, const ReadChild&) {
  const Geometry o = read_geometry(field, dims);
  check(o.is_transposed, "attribute transposed is not what the class is");
  return M({.in_channels = o.in_channels,
            .out_channels = o.out_channels,
            .kernel_size = o.kernel_size,
            .stride = o.stride,
            .padding = o.padding.sizes,
            .output_padding = o.output_padding,
            .groups = o.groups,
            .bias = o.bias,
            .dilation = o.dilation});
}

void write_convolution(PythonFields& field, const nn::Module& of) {
  Geometry o = static_cast<const nn::ConvBase&>(of).options;
  list_convolution(field, o);
}

template <class M>
constexpr PythonClass convolution(const char* name, nn::SharedLayer (*make)(PythonFields&, const ReadChild&)) {
  return {"torch.nn.modules.conv", name, &typeid(M), make, write_convolution};
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

std::span<const PythonClass> convolutions() {
  using namespace nn;
  constexpr const char *linear = "torch.nn.modules.linear", *sparse = "torch.nn.modules.sparse";
  static constexpr PythonClass rows[] = {
      convolution<Conv1d>("Conv1d", make_convolution<Conv1d, 1>),
      convolution<Conv2d>("Conv2d", make_convolution<Conv2d, 2>),
      convolution<Conv3d>("Conv3d", make_convolution<Conv3d, 3>),
      convolution<ConvTranspose1d>("ConvTranspose1d", make_transposed<ConvTranspose1d, 1>),
      convolution<ConvTranspose2d>("ConvTranspose2d", make_transposed<ConvTranspose2d, 2>),
      without_options<Identity>(linear, "Identity"),
      with_options<Linear, list_linear>(linear, "Linear"),
      with_options<Bilinear, list_bilinear>(linear, "Bilinear"),
      with_options<Embedding, list_embedding>(sparse, "Embedding"),
  };
  return rows;
}

}  // namespace ebb::interop
