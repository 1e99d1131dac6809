// What plans of the emulated cuDNN compute: a convolution by the loops of its definition, in double, and what follows
// it.
#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "ebb/core/dispatch.h"
#include "ebb/kernels/conv/plain.h"

#include "tests/support/cuda_emulator/cudnn_descriptor.h"

namespace emulator {
namespace {

using ebb::Tensor;
using ebb::kernels::ConvGeometry;
using ebb::kernels::ConvSizes;

/// What the three operations call their parts.
struct Names {
  cudnnBackendAttributeName_t x, weight, y, geometry, alpha, beta;
};

Names names(cudnnBackendDescriptorType_t operation) {
  if (operation == CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR) {
    return {CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,     CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W,
            CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y,     CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
            CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA};
  }
  if (operation == CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR) {
    return {CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX,    CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY,    CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA};
  }
  return {CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X,     CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY,    CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA};
}

std::vector<std::int64_t> dims(const CudnnDescriptor& tensor) {
  return tensor.all<std::int64_t>(CUDNN_ATTR_TENSOR_DIMENSIONS);
}

ConvGeometry geometry_of(const CudnnDescriptor& operation) {
  const Names name = names(operation.type);
  const CudnnDescriptor& g = *operation.part(name.geometry);
  const auto pair = [&](cudnnBackendAttributeName_t attribute) {
    const auto values = g.all<std::int64_t>(attribute);
    return std::array{values.at(0), values.at(1)};
  };
  return {pair(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES), pair(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS),
          pair(CUDNN_ATTR_CONVOLUTION_DILATIONS),
          dims(*operation.part(name.x))[1] / dims(*operation.part(name.weight))[1]};
}

ebb::DType dtype_of(cudnnDataType_t type) {
  if (type == CUDNN_DATA_DOUBLE) return ebb::kFloat64;
  if (type == CUDNN_DATA_HALF) return ebb::kFloat16;
  return type == CUDNN_DATA_BFLOAT16 ? ebb::kBFloat16 : ebb::kFloat32;
}

/// The elements of a graph's tensors, as doubles in the order that ebb's own kernels want.
class Run {
 public:
  Run(const CudnnDescriptor& graph, const CudnnDescriptor& pack)
      : graph_(graph),
        ids_(pack.all<std::int64_t>(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS)),
        pointers_(pack.all<void*>(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS)) {}

  void go() {
    for (const auto& operation : graph_.parts(CUDNN_ATTR_OPERATIONGRAPH_OPS)) {
      if (operation->type == CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR) {
        finish(*operation);
      } else {
        convolve(*operation);
      }
    }
  }

 private:
  static std::int64_t id(const CudnnDescriptor& tensor) {
    return tensor.one<std::int64_t>(CUDNN_ATTR_TENSOR_UNIQUE_ID);
  }

  std::byte* pointer(const CudnnDescriptor& tensor) const {
    const auto found = std::ranges::find(ids_, id(tensor));
    return static_cast<std::byte*>(pointers_[static_cast<std::size_t>(found - ids_.begin())]);
  }

  static bool is_virtual(const CudnnDescriptor& tensor) { return tensor.has(CUDNN_ATTR_TENSOR_IS_VIRTUAL); }

  static Tensor doubles(const std::vector<std::int64_t>& shape, ebb::MemoryFormat format) {
    return ebb::allocate(ebb::Shape(std::span<const std::int64_t>(shape)), ebb::kFloat64, ebb::kCPU, format);
  }

  /// Calls body(element in memory, element of `to`) for all elements of a tensor.
  template <class T, class Body>
  void each(const CudnnDescriptor& tensor, const Tensor& doubles, Body&& body) const {
    const auto shape = dims(tensor), strides = tensor.all<std::int64_t>(CUDNN_ATTR_TENSOR_STRIDES);
    auto* elements = reinterpret_cast<T*>(pointer(tensor));
    auto* values = const_cast<Tensor&>(doubles).data<double>();
    std::array<std::int64_t, 4> i{};
    for (i[0] = 0; i[0] < shape[0]; ++i[0]) {
      for (i[1] = 0; i[1] < shape[1]; ++i[1]) {
        for (i[2] = 0; i[2] < shape[2]; ++i[2]) {
          for (i[3] = 0; i[3] < shape[3]; ++i[3]) {
            std::int64_t there = 0, here = 0;
            for (int d = 0; d < 4; ++d) {
              const auto k = static_cast<std::size_t>(d);
              there += i[k] * strides[k];
              here += i[k] * doubles.strides()[d];
            }
            body(elements[there], values[here]);
          }
        }
      }
    }
  }

  template <class Body>
  void visit(const CudnnDescriptor& tensor, Body&& body) const {
    ebb::visit_any(dtype_of(tensor.one<cudnnDataType_t>(CUDNN_ATTR_TENSOR_DATA_TYPE)), body);
  }

  Tensor read(const CudnnDescriptor& tensor, ebb::MemoryFormat format) {
    if (is_virtual(tensor)) return between_.at(id(tensor));
    Tensor values = doubles(dims(tensor), format);
    visit(tensor, [&]<class T>() {
      each<T>(tensor, values, [](const T& element, double& value) {
        value = static_cast<double>(static_cast<float>(element));
        if constexpr (std::is_same_v<T, double>) value = element;
      });
    });
    return values;
  }

  void write(const CudnnDescriptor& tensor, const Tensor& values) {
    if (is_virtual(tensor)) {
      between_.insert_or_assign(id(tensor), values);
      return;
    }
    visit(tensor, [&]<class T>() {
      each<T>(tensor, values, [](T& element, const double& value) {
        if constexpr (std::is_same_v<T, double>) {
          element = value;
        } else {
          element = T(static_cast<float>(value));
        }
      });
    });
  }

  void convolve(const CudnnDescriptor& operation) {
    constexpr auto images = ebb::MemoryFormat::channels_last, plain = ebb::MemoryFormat::contiguous;
    const Names name = names(operation.type);
    const CudnnDescriptor &x = *operation.part(name.x), &weight = *operation.part(name.weight),
                          &y = *operation.part(name.y);
    const auto to = [&](const CudnnDescriptor& tensor, ebb::MemoryFormat format) {
      return doubles(dims(tensor), format);
    };
    const ConvSizes sizes(to(x, images), to(weight, plain), geometry_of(operation), to(y, images));
    if (operation.type == CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR) {
      Tensor result = to(y, images);
      ebb::kernels::plain_forward(sizes, read(x, images), read(weight, plain), {}, result);
      write(y, result);
    } else if (operation.type == CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR) {
      Tensor result = to(x, images);
      ebb::kernels::plain_backward_input(sizes, read(y, images), read(weight, plain), {}, result);
      write(x, result);
    } else {
      Tensor result = to(weight, plain);
      ebb::kernels::plain_backward_weight(sizes, read(x, images), read(y, images), result);
      write(weight, result);
    }
  }

  void finish(const CudnnDescriptor& operation) {
    constexpr auto images = ebb::MemoryFormat::channels_last;
    const CudnnDescriptor& to = *operation.part(CUDNN_ATTR_OPERATION_POINTWISE_YDESC);
    const Tensor input = read(*operation.part(CUDNN_ATTR_OPERATION_POINTWISE_XDESC), images);
    const auto mode = operation.part(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR)
                          ->one<cudnnPointwiseMode_t>(CUDNN_ATTR_POINTWISE_MODE);
    Tensor result = doubles(dims(to), images), other;
    if (mode == CUDNN_POINTWISE_ADD) other = read(*operation.part(CUDNN_ATTR_OPERATION_POINTWISE_BDESC), images);
    const std::int64_t channels = input.size(1);
    for (std::int64_t i = 0; i < input.numel(); ++i) {
      const double value = input.data<double>()[i];
      double& y = result.data<double>()[i];
      if (mode == CUDNN_POINTWISE_ADD) {
        y = value + other.data<double>()[other.numel() == channels ? i % channels : i];
      } else {
        y = value < 0 ? 0 : value;
      }
    }
    write(to, result);
  }

  const CudnnDescriptor& graph_;
  std::vector<std::int64_t> ids_;
  std::vector<void*> pointers_;
  std::map<std::int64_t, Tensor> between_;
};

}  // namespace

const char* detail::misfit(const CudnnDescriptor& operation) {
  const Names name = names(operation.type);
  const auto x = dims(*operation.part(name.x)), w = dims(*operation.part(name.weight)),
             y = dims(*operation.part(name.y));
  if (x[0] != y[0] || w[0] != y[1] || x[1] % w[1] != 0 || w[0] % (x[1] / w[1]) != 0) return "the channels do not fit";
  const ConvGeometry g = geometry_of(operation);
  for (std::size_t i = 0; i < 2; ++i) {
    const std::int64_t reach = g.dilation[i] * (w[2 + i] - 1) + 1;
    if ((x[2 + i] + 2 * g.padding[i] - reach) / g.stride[i] + 1 != y[2 + i]) return "the sizes do not fit";
  }
  const bool is_double =
      operation.part(name.geometry)->one<cudnnDataType_t>(CUDNN_ATTR_CONVOLUTION_COMP_TYPE) == CUDNN_DATA_DOUBLE;
  const bool scales = is_double ? operation.one<double>(name.alpha) == 1 && operation.one<double>(name.beta) == 0
                                : operation.one<float>(name.alpha) == 1 && operation.one<float>(name.beta) == 0;
  return scales ? nullptr : "only alpha = 1 and beta = 0 are emulated";
}

const char* detail::misfit(const CudnnDescriptor& graph, const CudnnDescriptor& pack) {
  const auto ids = pack.all<std::int64_t>(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS);
  const auto pointers = pack.all<void*>(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS);
  if (ids.size() != pointers.size()) return "the pack has not as many pointers as ids";
  for (const auto& operation : graph.parts(CUDNN_ATTR_OPERATIONGRAPH_OPS)) {
    for (const auto& [name, attribute] : operation->attributes) {
      for (const auto& part : attribute.descriptors) {
        if (part->type != CUDNN_BACKEND_TENSOR_DESCRIPTOR || part->has(CUDNN_ATTR_TENSOR_IS_VIRTUAL)) continue;
        const auto found = std::ranges::find(ids, part->one<std::int64_t>(CUDNN_ATTR_TENSOR_UNIQUE_ID));
        if (found == ids.end()) return "the pack lacks a tensor of the graph";
        const auto address = reinterpret_cast<std::uintptr_t>(pointers[static_cast<std::size_t>(found - ids.begin())]);
        const auto alignment = part->one<std::int64_t>(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT);
        if (address == 0 || address % static_cast<std::uintptr_t>(alignment) != 0) return "a pointer is not aligned";
      }
    }
  }
  return nullptr;
}

void detail::compute(const CudnnDescriptor& graph, const CudnnDescriptor& pack) { Run(graph, pack).go(); }

}  // namespace emulator
