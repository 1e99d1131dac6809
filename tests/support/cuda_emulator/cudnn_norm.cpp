// Batch norm of the emulated cuDNN, by the loops of its definition with sums in double.
#include <cmath>
#include <cstring>
#include <functional>
#include <type_traits>

#include <cudnn.h>

#include "ebb/core/dispatch.h"

#include "tests/support/cuda_emulator/cudnn_emulator.h"

struct cudnnTensorStruct {
  cudnnTensorFormat_t format = CUDNN_TENSOR_NCHW;
  cudnnDataType_t type = CUDNN_DATA_FLOAT;
  std::int64_t n = 0, c = 0, h = 0, w = 0;

  std::int64_t rows() const { return n * h * w; }
};

namespace {

using emulator::detail::cudnn_refuses;
using emulator::detail::CudnnCall;

constexpr std::size_t workspace_bytes_needed = 640, reserve_bytes_needed = 96;
constexpr unsigned char mark = 0x5e;  // of a reserve that forward has written

template <class Body>
void visit(cudnnDataType_t type, Body&& body) {
  switch (type) {
    case CUDNN_DATA_DOUBLE:
      return body.template operator()<double>();
    case CUDNN_DATA_HALF:
      return body.template operator()<ebb::Half>();
    case CUDNN_DATA_BFLOAT16:
      return body.template operator()<ebb::BFloat16>();
    default:
      return body.template operator()<float>();
  }
}

/// An array of some type, read and written as doubles.
class Array {
 public:
  Array(cudnnDataType_t type, const void* elements) : type_(type), elements_(const_cast<void*>(elements)) {}

  double operator[](std::int64_t i) const {
    double value = 0;
    visit(type_, [&]<class T>() {
      if constexpr (std::is_same_v<T, double>) {
        value = static_cast<T*>(elements_)[i];
      } else {
        value = static_cast<double>(static_cast<float>(static_cast<T*>(elements_)[i]));
      }
    });
    return value;
  }

  void set(std::int64_t i, double value) const {
    visit(type_, [&]<class T>() {
      if constexpr (std::is_same_v<T, double>) {
        static_cast<T*>(elements_)[i] = value;
      } else {
        static_cast<T*>(elements_)[i] = T(static_cast<float>(value));
      }
    });
  }

 private:
  cudnnDataType_t type_;
  void* elements_;
};

double scalar(cudnnDataType_t type, const void* value) {
  return type == CUDNN_DATA_DOUBLE ? *static_cast<const double*>(value) : *static_cast<const float*>(value);
}

const char* misfit(cudnnTensorDescriptor_t x, cudnnTensorDescriptor_t per_channel, const void* alpha,
                   const void* beta) {
  if (x->format != CUDNN_TENSOR_NHWC) return "only NHWC is emulated";
  if (per_channel->c != x->c || per_channel->rows() != 1) return "the parameters must be (1, C, 1, 1)";
  const bool is_double = x->type == CUDNN_DATA_DOUBLE;
  if (per_channel->type != (is_double ? CUDNN_DATA_DOUBLE : CUDNN_DATA_FLOAT)) return "the parameters' type is wrong";
  return scalar(x->type, alpha) == 1 && scalar(x->type, beta) == 0 ? nullptr : "only alpha = 1 and beta = 0";
}

struct Sizes {
  explicit Sizes(cudnnTensorDescriptor_t x) : rows(x->rows()), channels(x->c) {}
  std::int64_t rows, channels;
};

struct Forward {
  Sizes size;
  Array x, y, scale, shift, running_mean, running_var, mean, inverse;
  bool has_running;
  double momentum, eps;
  void *workspace, *reserve;
  std::size_t workspace_bytes, reserve_bytes;

  void operator()() const {
    std::memset(workspace, 0xff, workspace_bytes);
    std::memset(reserve, mark, reserve_bytes);
    for (std::int64_t c = 0; c < size.channels; ++c) normalize(c);
  }

  void normalize(std::int64_t c) const {
    const std::int64_t end = size.rows * size.channels, step = size.channels;
    const auto n = static_cast<double>(size.rows);
    double sum = 0, squares = 0;
    for (std::int64_t i = c; i < end; i += step) sum += x[i];
    const double middle = sum / n;
    for (std::int64_t i = c; i < end; i += step) squares += (x[i] - middle) * (x[i] - middle);
    const double factor = 1 / std::sqrt(squares / n + eps);
    for (std::int64_t i = c; i < end; i += step) y.set(i, (x[i] - middle) * factor * scale[c] + shift[c]);
    mean.set(c, middle);
    inverse.set(c, factor);
    if (!has_running) return;
    running_mean.set(c, (1 - momentum) * running_mean[c] + momentum * middle);
    running_var.set(c, (1 - momentum) * running_var[c] + momentum * squares / (n - 1));
  }
};

struct Backward {
  Sizes size;
  Array x, dy, dx, scale, dscale, dshift, mean, inverse;
  void *workspace, *reserve;
  std::size_t workspace_bytes;

  void operator()() const {
    const bool is_of_forward = *static_cast<unsigned char*>(reserve) == mark;
    std::memset(workspace, 0xff, workspace_bytes);
    for (std::int64_t c = 0; c < size.channels; ++c) differentiate(c, is_of_forward ? scale[c] : std::nan(""));
  }

  void differentiate(std::int64_t c, double factor) const {
    const std::int64_t end = size.rows * size.channels, step = size.channels;
    const auto n = static_cast<double>(size.rows);
    const auto normal = [&](std::int64_t i) { return (x[i] - mean[c]) * inverse[c]; };
    double sum = 0, sum_normal = 0;
    for (std::int64_t i = c; i < end; i += step) {
      sum += dy[i];
      sum_normal += dy[i] * normal(i);
    }
    for (std::int64_t i = c; i < end; i += step) {
      dx.set(i, factor * inverse[c] * (dy[i] - sum / n - normal(i) * sum_normal / n));
    }
    dscale.set(c, sum_normal);
    dshift.set(c, sum);
  }
};

struct Inference {
  Sizes size;
  Array x, y, scale, shift, mean, var;
  double eps;

  void operator()() const {
    for (std::int64_t i = 0; i < size.rows * size.channels; ++i) {
      const std::int64_t c = i % size.channels;
      y.set(i, (x[i] - mean[c]) / std::sqrt(var[c] + eps) * scale[c] + shift[c]);
    }
  }
};

cudnnStatus_t run(cudnnHandle_t handle, const std::function<void()>& work) {
  emulator::detail::on_stream(*handle, work);
  ++emulator::cudnn().norms;
  return CUDNN_STATUS_SUCCESS;
}

bool is_small(const void* workspace, std::size_t workspace_bytes, const void* reserve, std::size_t reserve_bytes) {
  return workspace == nullptr || workspace_bytes < workspace_bytes_needed || reserve == nullptr ||
         reserve_bytes < reserve_bytes_needed;
}

}  // namespace

cudnnStatus_t cudnnCreateTensorDescriptor(cudnnTensorDescriptor_t* descriptor) {
  const CudnnCall call(__func__);
  if (call.fails) return CUDNN_STATUS_INTERNAL_ERROR;
  *descriptor = new cudnnTensorStruct;
  ++emulator::cudnn().descriptors;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnDestroyTensorDescriptor(cudnnTensorDescriptor_t descriptor) {
  const CudnnCall call;
  delete descriptor;
  --emulator::cudnn().descriptors;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetTensor4dDescriptor(cudnnTensorDescriptor_t descriptor, cudnnTensorFormat_t format,
                                         cudnnDataType_t type, int n, int c, int h, int w) {
  const CudnnCall call(__func__);
  if (call.fails) return CUDNN_STATUS_INTERNAL_ERROR;
  if (n < 1 || c < 1 || h < 1 || w < 1) return cudnn_refuses("sizes must be positive");
  *descriptor = {format, type, n, c, h, w};
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetBatchNormalizationForwardTrainingExWorkspaceSize(
    cudnnHandle_t, cudnnBatchNormMode_t, cudnnBatchNormOps_t, cudnnTensorDescriptor_t, cudnnTensorDescriptor_t,
    cudnnTensorDescriptor_t, cudnnTensorDescriptor_t, cudnnActivationDescriptor_t, std::size_t* bytes) {
  const CudnnCall call(__func__);
  *bytes = workspace_bytes_needed;
  return call.fails ? CUDNN_STATUS_INTERNAL_ERROR : CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetBatchNormalizationBackwardExWorkspaceSize(cudnnHandle_t, cudnnBatchNormMode_t,
                                                                cudnnBatchNormOps_t, cudnnTensorDescriptor_t,
                                                                cudnnTensorDescriptor_t, cudnnTensorDescriptor_t,
                                                                cudnnTensorDescriptor_t, cudnnTensorDescriptor_t,
                                                                cudnnTensorDescriptor_t, cudnnActivationDescriptor_t,
                                                                std::size_t* bytes) {
  const CudnnCall call(__func__);
  *bytes = workspace_bytes_needed;
  return call.fails ? CUDNN_STATUS_INTERNAL_ERROR : CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetBatchNormalizationTrainingExReserveSpaceSize(cudnnHandle_t, cudnnBatchNormMode_t,
                                                                   cudnnBatchNormOps_t, cudnnActivationDescriptor_t,
                                                                   cudnnTensorDescriptor_t, std::size_t* bytes) {
  const CudnnCall call(__func__);
  *bytes = reserve_bytes_needed;
  return call.fails ? CUDNN_STATUS_INTERNAL_ERROR : CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBatchNormalizationForwardTrainingEx(
    cudnnHandle_t handle, cudnnBatchNormMode_t, cudnnBatchNormOps_t, const void* alpha, const void* beta,
    cudnnTensorDescriptor_t x_descriptor, const void* x_data, cudnnTensorDescriptor_t, const void*,
    cudnnTensorDescriptor_t y_descriptor, void* y_data, cudnnTensorDescriptor_t per_channel, const void* scale_data,
    const void* shift_data, double momentum, void* running_mean_data, void* running_var_data, double eps,
    void* mean_data, void* inverse_data, cudnnActivationDescriptor_t, void* workspace, std::size_t workspace_bytes,
    void* reserve, std::size_t reserve_bytes) {
  const CudnnCall call(__func__);
  if (call.fails) return CUDNN_STATUS_INTERNAL_ERROR;
  if (const char* why = misfit(x_descriptor, per_channel, alpha, beta)) return cudnn_refuses(why);
  if (is_small(workspace, workspace_bytes, reserve, reserve_bytes))
    return cudnn_refuses("workspace or reserve is small");
  const cudnnDataType_t type = x_descriptor->type, parameter = per_channel->type;
  return run(handle, Forward{Sizes(x_descriptor),
                             {type, x_data},
                             {y_descriptor->type, y_data},
                             {parameter, scale_data},
                             {parameter, shift_data},
                             {parameter, running_mean_data},
                             {parameter, running_var_data},
                             {parameter, mean_data},
                             {parameter, inverse_data},
                             running_mean_data != nullptr,
                             momentum,
                             eps,
                             workspace,
                             reserve,
                             workspace_bytes,
                             reserve_bytes});
}

cudnnStatus_t cudnnBatchNormalizationBackwardEx(
    cudnnHandle_t handle, cudnnBatchNormMode_t, cudnnBatchNormOps_t, const void* alpha, const void* beta,
    const void* alpha_parameters, const void* beta_parameters, cudnnTensorDescriptor_t x_descriptor, const void* x_data,
    cudnnTensorDescriptor_t, const void*, cudnnTensorDescriptor_t, const void* dy_data, cudnnTensorDescriptor_t, void*,
    cudnnTensorDescriptor_t, void* dx_data, cudnnTensorDescriptor_t per_channel, const void* scale_data, const void*,
    void* dscale_data, void* dshift_data, double, const void* mean_data, const void* inverse_data,
    cudnnActivationDescriptor_t, void* workspace, std::size_t workspace_bytes, void* reserve,
    std::size_t reserve_bytes) {
  const CudnnCall call(__func__);
  if (call.fails) return CUDNN_STATUS_INTERNAL_ERROR;
  if (const char* why = misfit(x_descriptor, per_channel, alpha, beta)) return cudnn_refuses(why);
  if (const char* why = misfit(x_descriptor, per_channel, alpha_parameters, beta_parameters)) return cudnn_refuses(why);
  if (is_small(workspace, workspace_bytes, reserve, reserve_bytes))
    return cudnn_refuses("workspace or reserve is small");
  const cudnnDataType_t type = x_descriptor->type, parameter = per_channel->type;
  return run(handle, Backward{Sizes(x_descriptor),
                              {type, x_data},
                              {type, dy_data},
                              {type, dx_data},
                              {parameter, scale_data},
                              {parameter, dscale_data},
                              {parameter, dshift_data},
                              {parameter, mean_data},
                              {parameter, inverse_data},
                              workspace,
                              reserve,
                              workspace_bytes});
}

cudnnStatus_t cudnnBatchNormalizationForwardInference(cudnnHandle_t handle, cudnnBatchNormMode_t, const void* alpha,
                                                      const void* beta, cudnnTensorDescriptor_t x_descriptor,
                                                      const void* x_data, cudnnTensorDescriptor_t, void* y_data,
                                                      cudnnTensorDescriptor_t per_channel, const void* scale_data,
                                                      const void* shift_data, const void* mean_data,
                                                      const void* var_data, double eps) {
  const CudnnCall call(__func__);
  if (call.fails) return CUDNN_STATUS_INTERNAL_ERROR;
  if (const char* why = misfit(x_descriptor, per_channel, alpha, beta)) return cudnn_refuses(why);
  const cudnnDataType_t type = x_descriptor->type, parameter = per_channel->type;
  return run(handle, Inference{Sizes(x_descriptor),
                               {type, x_data},
                               {type, y_data},
                               {parameter, scale_data},
                               {parameter, shift_data},
                               {parameter, mean_data},
                               {parameter, var_data},
                               eps});
}
