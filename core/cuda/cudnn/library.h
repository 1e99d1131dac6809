#pragma once

#include <cudnn.h>

#include "ebb/core/cuda/library.h"
#include "ebb/core/dtype/dtype.h"
#include "ebb/core/site.h"

namespace ebb::cudnn {

/// The functions of cuDNN that ebb calls: the backend's, which plan, and those of batch norm, which it has not
/// replaced.
struct Functions {
  decltype(&cudnnGetVersion) version;
  decltype(&cudnnGetErrorString) error_string;
  decltype(&cudnnGetLastErrorString) last_error_string;
  decltype(&cudnnCreate) create;
  decltype(&cudnnSetStream) set_stream;
  decltype(&cudnnBackendCreateDescriptor) create_descriptor;
  decltype(&cudnnBackendDestroyDescriptor) destroy_descriptor;
  decltype(&cudnnBackendSetAttribute) set_attribute;
  decltype(&cudnnBackendGetAttribute) get_attribute;
  decltype(&cudnnBackendFinalize) finalize;
  decltype(&cudnnBackendExecute) execute;
  decltype(&cudnnCreateTensorDescriptor) create_tensor;
  decltype(&cudnnDestroyTensorDescriptor) destroy_tensor;
  decltype(&cudnnSetTensor4dDescriptor) set_tensor;
  decltype(&cudnnGetBatchNormalizationForwardTrainingExWorkspaceSize) norm_forward_workspace;
  decltype(&cudnnGetBatchNormalizationBackwardExWorkspaceSize) norm_backward_workspace;
  decltype(&cudnnGetBatchNormalizationTrainingExReserveSpaceSize) norm_reserve;
  decltype(&cudnnBatchNormalizationForwardTrainingEx) norm_forward;
  decltype(&cudnnBatchNormalizationBackwardEx) norm_backward;
  decltype(&cudnnBatchNormalizationForwardInference) norm_inference;
};

/// Opened by the first call. tests/support/cuda_emulator has another in its place.
const Library<Functions>& library();

/// A DeviceError where cuDNN is missing.
inline const Functions& functions() { return functions_of(library()); }

/// A DeviceError with the name and the text of what cuDNN reports, and the line of the call.
[[noreturn]] void throw_error(cudnnStatus_t status, Site site);

inline void check_status(cudnnStatus_t status, Site site = Site::current()) {
  if (status != CUDNN_STATUS_SUCCESS) [[unlikely]] {
    throw_error(status, site);
  }
}

/// Of a floating dtype that ops compute in.
inline cudnnDataType_t data_type(DType dtype) {
  if (dtype == kFloat64) return CUDNN_DATA_DOUBLE;
  if (dtype == kFloat16) return CUDNN_DATA_HALF;
  return dtype == kBFloat16 ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT;
}

}  // namespace ebb::cudnn
