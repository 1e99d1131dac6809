// A convolution as a graph of cuDNN's backend: https://docs.nvidia.com/deeplearning/cudnn/backend, "Graph API".
#include "ebb/kernels/conv/conv_graph_cudnn.h"

#include <array>
#include <charconv>
#include <span>
#include <utility>

namespace ebb::kernels {
namespace {

using cudnn::data_type;
using cudnn::Descriptor;

class GraphBuilder {
 public:
  GraphBuilder(const CudnnConv& conv, cudnn::Target target)
      : conv_(conv),
        graph_(std::make_shared<cudnn::Graph>(target)),
        compute_type_(data_type(opmath_type(conv.dtype))) {}

  std::shared_ptr<const cudnn::Graph> build() {
    const bool finishes = conv_.residual || conv_.shift || conv_.relu;
    Descriptor x = tensor(ConvTensor::x, conv_.x), weight = tensor(ConvTensor::weight, conv_.weight);
    Descriptor y = finishes ? between() : tensor(ConvTensor::y, conv_.y);
    convolve(x, weight, y);
    keep(std::move(x));
    keep(std::move(weight));
    if (conv_.residual) y = add(std::move(y), ConvTensor::residual, conv_.y, conv_.residual_alignment);
    if (conv_.shift) {
      const CudnnTensor shift = cudnn_image({1, conv_.y.shape[1], 1, 1});
      y = add(std::move(y), ConvTensor::shift, shift, conv_.shift_alignment);
    }
    if (conv_.relu) y = pointwise(CUDNN_POINTWISE_RELU_FWD, std::move(y), nullptr);
    keep(std::move(y));
    if (graph_->target.handle != nullptr) {
      graph_->operations.set(CUDNN_ATTR_OPERATIONGRAPH_HANDLE, graph_->target.handle);
    }
    graph_->operations.set_all(CUDNN_ATTR_OPERATIONGRAPH_OPS, std::span<const Descriptor>(operations_)).finish();
    for (Descriptor& operation : operations_) keep(std::move(operation));
    return std::move(graph_);
  }

 private:
  Descriptor described(std::int64_t id, const CudnnTensor& tensor, cudnnDataType_t type, bool is_virtual) {
    Descriptor made(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
    made.set(CUDNN_ATTR_TENSOR_UNIQUE_ID, id)
        .set(CUDNN_ATTR_TENSOR_DATA_TYPE, type)
        .set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, tensor.alignment)
        .set_all(CUDNN_ATTR_TENSOR_DIMENSIONS, std::span<const std::int64_t>(tensor.shape))
        .set_all(CUDNN_ATTR_TENSOR_STRIDES, std::span<const std::int64_t>(tensor.strides));
    if (is_virtual) made.set(CUDNN_ATTR_TENSOR_IS_VIRTUAL, true);
    made.finish();
    return made;
  }

  Descriptor tensor(ConvTensor id, const CudnnTensor& tensor) {
    return described(static_cast<std::int64_t>(id), tensor, data_type(conv_.dtype), false);
  }
  /// What one operation hands to the next, and which is nowhere stored.
  Descriptor between() { return described(next_id_++, conv_.y, compute_type_, true); }

  /// y itself after the last operation.
  Descriptor result() {
    const bool is_last = --left_ == 0;
    return is_last ? tensor(ConvTensor::y, conv_.y) : between();
  }

  /// For as long as the graph.
  void keep(Descriptor part) { graph_->parts.push_back(std::move(part)); }

  Descriptor geometry() {
    const ConvGeometry& g = conv_.geometry;
    Descriptor made(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
    made.set(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, std::int64_t{2})
        .set(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, compute_type_)
        .set(CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_CROSS_CORRELATION)
        .set_all(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, std::span<const std::int64_t>(g.padding))
        .set_all(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, std::span<const std::int64_t>(g.padding))
        .set_all(CUDNN_ATTR_CONVOLUTION_DILATIONS, std::span<const std::int64_t>(g.dilation))
        .set_all(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, std::span<const std::int64_t>(g.stride))
        .finish();
    return made;
  }

  /// What the three passes call their parts.
  struct Names {
    cudnnBackendDescriptorType_t operation;
    cudnnBackendAttributeName_t x, weight, y, geometry, alpha, beta;
  };

  static Names names(ConvPass pass) {
    if (pass == ConvPass::forward) {
      return {CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA};
    }
    if (pass == ConvPass::backward_input) {
      return {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA};
    }
    return {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X,
            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY,
            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA};
  }

  void convolve(const Descriptor& x, const Descriptor& weight, const Descriptor& y) {
    const Names name = names(conv_.pass);
    Descriptor geometry = this->geometry();
    Descriptor& operation = operations_.emplace_back(name.operation);
    operation.set(name.x, x).set(name.weight, weight).set(name.y, y).set(name.geometry, geometry);
    if (compute_type_ == CUDNN_DATA_DOUBLE) {
      operation.set(name.alpha, 1.0).set(name.beta, 0.0);
    } else {
      operation.set(name.alpha, 1.0F).set(name.beta, 0.0F);
    }
    operation.finish();
    keep(std::move(geometry));
  }

  Descriptor add(Descriptor input, ConvTensor id, CudnnTensor other, std::int64_t alignment) {
    other.alignment = alignment;
    Descriptor operand = tensor(id, other);
    Descriptor y = pointwise(CUDNN_POINTWISE_ADD, std::move(input), &operand);
    keep(std::move(operand));
    return y;
  }

  Descriptor pointwise(cudnnPointwiseMode_t mode, Descriptor input, const Descriptor* operand) {
    Descriptor function(CUDNN_BACKEND_POINTWISE_DESCRIPTOR);
    function.set(CUDNN_ATTR_POINTWISE_MODE, mode).set(CUDNN_ATTR_POINTWISE_MATH_PREC, compute_type_).finish();
    Descriptor y = result();
    Descriptor& operation = operations_.emplace_back(CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
    operation.set(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, function)
        .set(CUDNN_ATTR_OPERATION_POINTWISE_XDESC, input)
        .set(CUDNN_ATTR_OPERATION_POINTWISE_YDESC, y);
    if (operand != nullptr) operation.set(CUDNN_ATTR_OPERATION_POINTWISE_BDESC, *operand);
    operation.finish();
    keep(std::move(function));
    keep(std::move(input));
    return y;
  }

  const CudnnConv& conv_;
  std::shared_ptr<cudnn::Graph> graph_;
  cudnnDataType_t compute_type_;
  std::vector<Descriptor> operations_;
  std::int64_t next_id_ = 10;
  int left_ = conv_.residual + conv_.shift + conv_.relu;  // operations after the convolution
};

void append(std::string& key, std::span<const std::int64_t> numbers) {
  std::array<char, 21> digits;
  for (const std::int64_t number : numbers) {
    char* end = std::to_chars(digits.data(), digits.data() + digits.size() - 1, number).ptr;
    *end++ = ',';
    key.append(digits.data(), end);
  }
  key.back() = ' ';
}

void append(std::string& key, const char* name, const CudnnTensor& tensor) {
  key += name;
  append(key, tensor.shape);
  append(key, tensor.strides);
  append(key, {{tensor.alignment}});
}

}  // namespace

CudnnTensor cudnn_image(const std::array<std::int64_t, 4>& shape, std::int64_t alignment) {
  const auto [n, c, h, w] = shape;
  return {shape, {c * h * w, 1, c * w, c}, alignment};
}

CudnnConv cudnn_conv(ConvPass pass, const ConvSizes& s, DType dtype) {
  return {.pass = pass,
          .dtype = dtype,
          .x = cudnn_image({s.images, s.channels, s.height, s.width}),
          .weight = cudnn_image({s.out_channels, s.group_channels(), s.kernel_height, s.kernel_width}),
          .y = cudnn_image({s.images, s.out_channels, s.out_height, s.out_width}),
          .geometry = s.geometry};
}

std::string CudnnConv::key() const {
  constexpr const char* passes[] = {"forward", "backward_input", "backward_weight"};
  std::string key;
  key.reserve(256);
  key += "conv2d ";
  key += passes[static_cast<int>(pass)];
  key += " ";
  key += to_string(dtype);
  append(key, " x ", x);
  append(key, "weight ", weight);
  append(key, "y ", y);
  key += "stride ";
  append(key, geometry.stride);
  key += "padding ";
  append(key, geometry.padding);
  key += "dilation ";
  append(key, geometry.dilation);
  key += "groups " + std::to_string(geometry.groups);
  if (residual) key += " + residual " + std::to_string(residual_alignment);
  if (shift) key += " + shift " + std::to_string(shift_alignment);
  if (relu) key += ", relu";
  if (deterministic) key += ", deterministic";
  if (!allow_tf32) key += ", no tf32";
  return key;
}

cudnn::EngineFilter CudnnConv::filter() const {
  return {.deterministic = deterministic, .allow_tf32 = allow_tf32, .is_float32 = dtype == kFloat32};
}

std::shared_ptr<const cudnn::Graph> conv_graph(const CudnnConv& conv, cudnn::Target target) {
  return GraphBuilder(conv, target).build();
}

}  // namespace ebb::kernels
