// Opens cuBLAS; tests/support/cuda_emulator has another in its place.
#include <string>

#include "ebb/core/cuda/cublas.h"

namespace ebb {

const CublasLibrary& cublas_library() {
  static const CublasLibrary library = open_library<CublasFunctions>(
      "cuBLAS", "libcublas.so." + std::to_string(CUBLAS_VER_MAJOR), [](LibraryOpener& in, CublasFunctions& functions) {
        in.find("cublasCreate_v2", functions.create);
        in.find("cublasDestroy_v2", functions.destroy);
        in.find("cublasSetStream_v2", functions.set_stream);
        in.find("cublasSetWorkspace_v2", functions.set_workspace);
        in.find("cublasSetMathMode", functions.set_math_mode);
        in.find("cublasGemmStridedBatchedEx_64", functions.gemm_strided_batched);
        in.find("cublasGetStatusName", functions.status_name);
        in.find("cublasGetStatusString", functions.status_string);
      });
  return library;
}

}  // namespace ebb
