// Pooling and softmax by cuDNN, of which ebb itself takes only convolutions and batch norm.
#include "bench/cuda/baselines.h"

#include <array>

#include <cudnn.h>

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/core/context.h"
#include "ebb/core/cuda/context.h"
#include "ebb/core/cuda/cudnn/session.h"
#include "ebb/core/cuda/library.h"

namespace ebb::bench {
namespace {

using cudnn::check_status;

/// What ebb's own table of cuDNN lacks.
struct Functions {
  decltype(&cudnnCreatePoolingDescriptor) create_pooling;
  decltype(&cudnnSetPooling2dDescriptor) set_pooling;
  decltype(&cudnnPoolingForward) pool;
  decltype(&cudnnSoftmaxForward) softmax;
};

const Library<Functions>& library() {
  static const Library<Functions> opened =
      open_library<Functions>("cuDNN", "libcudnn.so.9", [](LibraryOpener& opener, Functions& functions) {
        opener.find("cudnnCreatePoolingDescriptor", functions.create_pooling);
        opener.find("cudnnSetPooling2dDescriptor", functions.set_pooling);
        opener.find("cudnnPoolingForward", functions.pool);
        opener.find("cudnnSoftmaxForward", functions.softmax);
      });
  return opened;
}

/// Calls `run(handle)` on the current stream.
template <class Run>
void with_handle(Run&& run) {
  CudaContext& context = cuda_context(0);
  cudnn::Session::of(context).with_handle(context, [&](cudnnHandle_t handle) { check_status(run(handle)); });
}

cudnnTensorDescriptor_t descriptor_of(const std::array<std::int64_t, 4>& sizes) {
  cudnnTensorDescriptor_t made = nullptr;
  check_status(cudnn::functions().create_tensor(&made));
  const auto size = [&](std::size_t i) { return static_cast<int>(sizes[i]); };
  check_status(
      cudnn::functions().set_tensor(made, CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT, size(0), size(1), size(2), size(3)));
  return made;
}

/// Max pooling of images that lie channels-last.
Baseline pooling(const Case& c) {
  const Shape x = c.inputs()[0];
  const auto of = [&](const char* name) { return c.spec.at(name).get<int>(); };
  const int kernel = of("kernel"), stride = of("stride"), padding = of("padding");
  const auto out = [&](std::int64_t size) { return (size + 2 * padding - kernel) / stride + 1; };
  const Shape shape{x[0], x[1], out(x[2]), out(x[3])};
  const auto from = descriptor_of({x[0], x[1], x[2], x[3]}),
             to = descriptor_of({shape[0], shape[1], shape[2], shape[3]});
  cudnnPoolingDescriptor_t window = nullptr;
  check_status(functions_of(library()).create_pooling(&window));
  check_status(functions_of(library()).set_pooling(window, CUDNN_POOLING_MAX, CUDNN_PROPAGATE_NAN, kernel, kernel,
                                                   padding, padding, stride, stride));
  return {"cudnn", "", [=](std::span<const Tensor> inputs) {
            const float one = 1, zero = 0;
            Tensor y = empty(shape, {.device = kCUDA}, MemoryFormat::channels_last);
            with_handle([&](cudnnHandle_t handle) {
              return functions_of(library()).pool(handle, window, &one, from, inputs[0].data<float>(), &zero, to,
                                                  y.data<float>());
            });
            return y;
          }};
}

/// Of the rows of a matrix.
Baseline softmax_of_rows(const Case& c) {
  const Shape x = c.inputs()[0];
  const auto rows = descriptor_of({x[0], x[1], 1, 1});
  return {"cudnn", "", [=](std::span<const Tensor> inputs) {
            const float one = 1, zero = 0;
            Tensor y = empty(x, {.device = kCUDA});
            with_handle([&](cudnnHandle_t handle) {
              return functions_of(library()).softmax(handle, CUDNN_SOFTMAX_ACCURATE, CUDNN_SOFTMAX_MODE_CHANNEL, &one,
                                                     rows, inputs[0].data<float>(), &zero, rows, y.data<float>());
            });
            return y;
          }};
}

}  // namespace

std::vector<Baseline> cudnn_baselines_of(const Case& c) {
  const std::string op = c.spec.at("op");
  if (op != "max_pool2d" && op != "softmax") return {};
  if (library().functions == nullptr) return {{"cudnn", library().missing, {}}};
  return {op == "softmax" ? softmax_of_rows(c) : pooling(c)};
}

}  // namespace ebb::bench
