// Opens cuDNN; tests/support/cuda_emulator has another in its place.
#include "ebb/core/cuda/cudnn/library.h"

#include <string>

namespace ebb::cudnn {

const Library<Functions>& library() {
  static const Library<Functions> library = open_library<Functions>(
      "cuDNN", "libcudnn.so." + std::to_string(CUDNN_MAJOR), [](LibraryOpener& in, Functions& functions) {
        in.find("cudnnGetVersion", functions.version);
        in.find("cudnnGetErrorString", functions.error_string);
        in.find("cudnnGetLastErrorString", functions.last_error_string);
        in.find("cudnnCreate", functions.create);
        in.find("cudnnSetStream", functions.set_stream);
        in.find("cudnnBackendCreateDescriptor", functions.create_descriptor);
        in.find("cudnnBackendDestroyDescriptor", functions.destroy_descriptor);
        in.find("cudnnBackendSetAttribute", functions.set_attribute);
        in.find("cudnnBackendGetAttribute", functions.get_attribute);
        in.find("cudnnBackendFinalize", functions.finalize);
        in.find("cudnnBackendExecute", functions.execute);
        in.find("cudnnCreateTensorDescriptor", functions.create_tensor);
        in.find("cudnnDestroyTensorDescriptor", functions.destroy_tensor);
        in.find("cudnnSetTensor4dDescriptor", functions.set_tensor);
        in.find("cudnnGetBatchNormalizationForwardTrainingExWorkspaceSize", functions.norm_forward_workspace);
        in.find("cudnnGetBatchNormalizationBackwardExWorkspaceSize", functions.norm_backward_workspace);
        in.find("cudnnGetBatchNormalizationTrainingExReserveSpaceSize", functions.norm_reserve);
        in.find("cudnnBatchNormalizationForwardTrainingEx", functions.norm_forward);
        in.find("cudnnBatchNormalizationBackwardEx", functions.norm_backward);
        in.find("cudnnBatchNormalizationForwardInference", functions.norm_inference);
      });
  return library;
}

}  // namespace ebb::cudnn
