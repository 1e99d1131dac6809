// In the place of conv_cudnn.cpp where cuDNN's header was missing when ebb was built.
#include "ebb/core/cuda/cudnn/backend.h"
#include "ebb/core/error.h"
#include "ebb/kernels/conv/conv_cudnn.h"

namespace ebb::kernels {

const char* cudnn_refusal(const CudaConvTask&) { return cudnn::missing(); }

void cudnn_forward(const CudaConvTask&) { fail<DeviceError>(cudnn::missing()); }
void cudnn_backward_input(const CudaConvTask&) { fail<DeviceError>(cudnn::missing()); }
void cudnn_backward_weight(const CudaConvTask&) { fail<DeviceError>(cudnn::missing()); }

}  // namespace ebb::kernels
