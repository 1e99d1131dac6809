// In the place of batch_norm_cudnn.cpp where cuDNN's header was missing when ebb was built.
#include "ebb/core/cuda/cudnn/backend.h"
#include "ebb/core/error.h"
#include "ebb/kernels/norm/batch_norm_cudnn.h"

namespace ebb::kernels {

const char* cudnn_norm_refusal(const BatchNormTask&) { return cudnn::missing(); }

void cudnn_norm_forward(CudaContext&, const Tensor&, const Tensor&, const Tensor&, double, const NormTail&,
                        RunningStatistics&, BatchStatistics&, Tensor&) {
  fail<DeviceError>(cudnn::missing());
}

void cudnn_norm_backward(CudaContext&, const Tensor&, const Tensor&, const Tensor&, const BatchStatistics&, double,
                         const NormResult&, BatchNormGradients&) {
  fail<DeviceError>(cudnn::missing());
}

void cudnn_norm_inference(CudaContext&, const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Tensor&,
                          double, const NormTail&, Tensor&) {
  fail<DeviceError>(cudnn::missing());
}

}  // namespace ebb::kernels
