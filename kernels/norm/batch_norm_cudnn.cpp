#include "ebb/kernels/norm/batch_norm_cudnn.h"

#include <algorithm>
#include <cstdint>

#include "ebb/core/backends/backends.h"
#include "ebb/core/cuda/context.h"
#include "ebb/core/cuda/cudnn/session.h"
#include "ebb/kernels/norm/batch_norm_composed.h"

namespace ebb::kernels {
namespace {

using cudnn::check_status;
using cudnn::functions;
using cudnn::Session;

/// One pass over memory where the values of a channel fit the GPU.
constexpr auto mode = CUDNN_BATCHNORM_SPATIAL_PERSISTENT;
constexpr auto only_norm = CUDNN_BATCHNORM_OPS_BN;
constexpr std::int64_t most_images = 65'535;

class TensorDescriptor {
 public:
  TensorDescriptor(DType dtype, const Shape& shape) {
    const auto size = [&](int dim) { return dim < shape.size() ? static_cast<int>(shape[dim]) : 1; };
    check_status(functions().create_tensor(&descriptor_));
    const cudnnStatus_t status = functions().set_tensor(descriptor_, CUDNN_TENSOR_NHWC, cudnn::data_type(dtype),
                                                        size(0), size(1), size(2), size(3));
    if (status == CUDNN_STATUS_SUCCESS) return;
    destroy();
    cudnn::throw_error(status, Site::current());
  }
  ~TensorDescriptor() { destroy(); }
  TensorDescriptor(const TensorDescriptor&) = delete;
  TensorDescriptor& operator=(const TensorDescriptor&) = delete;

  operator cudnnTensorDescriptor_t() const { return descriptor_; }

 private:
  void destroy() { static_cast<void>(functions().destroy_tensor(descriptor_)); }

  cudnnTensorDescriptor_t descriptor_ = nullptr;
};

/// An image and what there is one of per channel, as cuDNN is told of them; and the factors that it reads from memory.
struct Described {
  explicit Described(const Tensor& x)
      : image(x.dtype(), x.shape()),
        per_channel(opmath_type(x.dtype()), {1, x.size(1)}),
        is_double(x.dtype() == kFloat64) {}

  const void* one() const { return is_double ? static_cast<const void*>(&double_one) : &float_one; }
  const void* zero() const { return is_double ? static_cast<const void*>(&double_zero) : &float_zero; }

  TensorDescriptor image, per_channel;
  bool is_double;
  double double_one = 1, double_zero = 0;
  float float_one = 1, float_zero = 0;
};

/// Never empty, so that there is an address.
Tensor bytes(CudaContext& context, std::size_t count) {
  return allocate({static_cast<std::int64_t>(std::max<std::size_t>(count, 1))}, kUInt8, context.device());
}

std::byte* address_or_null(Tensor& x) { return x.defined() ? x.raw_data() : nullptr; }

const char* running_refusal(const Tensor& x, const RunningStatistics& running) {
  const auto& [mean, var, momentum, count] = running;
  if (mean.defined() != var.defined()) return "it keeps both running statistics or none";
  if (!mean.defined()) return nullptr;
  const auto fits = [&](const Tensor& t) { return t.dtype() == opmath_type(x.dtype()) && t.is_contiguous(); };
  return fits(mean) && fits(var) ? nullptr : "the running statistics are of another dtype, or not contiguous";
}

}  // namespace

const char* cudnn_norm_refusal(const BatchNormTask& task) {
  const Tensor& x = task.x;
  if (!backends::cudnn.enabled) return "backends::cudnn.enabled is false";
  if (cudnn::library().missing != nullptr) return cudnn::library().missing;
  if (task.pass == NormPass::parts) return "it computes whole batch norms only";
  if (!is_floating(x.dtype()) || is_storage_only(x.dtype())) return "the elements are no reals";
  if (task.has_tail) return "it would leave what follows the norm to other kernels";
  if (x.numel() == 0) return "there is nothing to compute";
  if (x.size(0) > most_images || x.numel() > INT32_MAX) return "there are too many images, or too many elements";
  if (task.running != nullptr) return running_refusal(x, *task.running);
  if (task.saved == nullptr || task.saved->reserve.defined()) return nullptr;
  return "cuDNN did not compute the forward pass";
}

void cudnn_norm_forward(CudaContext& context, const Tensor& x, const Tensor& scale, const Tensor& shift, double eps,
                        const NormTail&, RunningStatistics& running, BatchStatistics& saved, Tensor& y) {
  const Described as(x);
  composed::count(context, running);
  Session::of(context).with_handle(context, [&](cudnnHandle_t handle) {
    std::size_t workspace_bytes = 0, reserve_bytes = 0;
    check_status(functions().norm_forward_workspace(handle, mode, only_norm, as.image, nullptr, as.image,
                                                    as.per_channel, nullptr, &workspace_bytes));
    check_status(functions().norm_reserve(handle, mode, only_norm, nullptr, as.image, &reserve_bytes));
    Tensor workspace = bytes(context, workspace_bytes);
    saved.reserve = bytes(context, reserve_bytes);
    check_status(functions().norm_forward(
        handle, mode, only_norm, as.one(), as.zero(), as.image, x.raw_data(), nullptr, nullptr, as.image, y.raw_data(),
        as.per_channel, scale.raw_data(), shift.raw_data(), running.momentum, address_or_null(running.mean),
        address_or_null(running.var), eps, saved.mean.raw_data(), saved.inverse.raw_data(), nullptr,
        workspace.raw_data(), workspace_bytes, saved.reserve.raw_data(), reserve_bytes));
  });
}

void cudnn_norm_backward(CudaContext& context, const Tensor& dy, const Tensor& x, const Tensor& scale,
                         const BatchStatistics& saved, double eps, const NormResult&, BatchNormGradients& gradients) {
  const Described as(x);
  Session::of(context).with_handle(context, [&](cudnnHandle_t handle) {
    std::size_t workspace_bytes = 0, reserve_bytes = 0;
    check_status(functions().norm_backward_workspace(handle, mode, only_norm, as.image, nullptr, as.image, nullptr,
                                                     as.image, as.per_channel, nullptr, &workspace_bytes));
    check_status(functions().norm_reserve(handle, mode, only_norm, nullptr, as.image, &reserve_bytes));
    Tensor workspace = bytes(context, workspace_bytes), reserve = saved.reserve;
    check_status(functions().norm_backward(
        handle, mode, only_norm, as.one(), as.zero(), as.one(), as.zero(), as.image, x.raw_data(), nullptr, nullptr,
        as.image, dy.raw_data(), nullptr, nullptr, as.image, gradients.dx.raw_data(), as.per_channel, scale.raw_data(),
        nullptr, gradients.dscale.raw_data(), gradients.dshift.raw_data(), eps, saved.mean.raw_data(),
        saved.inverse.raw_data(), nullptr, workspace.raw_data(), workspace_bytes, reserve.raw_data(), reserve_bytes));
  });
}

void cudnn_norm_inference(CudaContext& context, const Tensor& x, const Tensor& mean, const Tensor& var,
                          const Tensor& scale, const Tensor& shift, double eps, const NormTail&, Tensor& y) {
  const Described as(x);
  Session::of(context).with_handle(context, [&](cudnnHandle_t handle) {
    check_status(functions().norm_inference(handle, CUDNN_BATCHNORM_SPATIAL, as.one(), as.zero(), as.image,
                                            x.raw_data(), as.image, y.raw_data(), as.per_channel, scale.raw_data(),
                                            shift.raw_data(), mean.raw_data(), var.raw_data(), eps));
  });
}

}  // namespace ebb::kernels
