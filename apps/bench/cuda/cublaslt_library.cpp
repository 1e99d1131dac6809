#include "apps/bench/cuda/cublaslt_library.h"

#include <string>

namespace ebb::bench {

const Library<CublasLtFunctions>& cublaslt_library() {
  static const Library<CublasLtFunctions> library =
      open_library<CublasLtFunctions>("cuBLASLt", "libcublasLt.so." + std::to_string(CUBLAS_VER_MAJOR),
                                      [](LibraryOpener& in, CublasLtFunctions& functions) {
                                        in.find("cublasLtGetVersion", functions.version);
                                        in.find("cublasLtCreate", functions.create);
                                        in.find("cublasLtMatmulDescCreate", functions.create_operation);
                                        in.find("cublasLtMatmulDescDestroy", functions.destroy_operation);
                                        in.find("cublasLtMatmulDescSetAttribute", functions.set_operation);
                                        in.find("cublasLtMatrixLayoutCreate", functions.create_layout);
                                        in.find("cublasLtMatrixLayoutDestroy", functions.destroy_layout);
                                        in.find("cublasLtMatrixLayoutSetAttribute", functions.set_layout);
                                        in.find("cublasLtMatmulPreferenceCreate", functions.create_preference);
                                        in.find("cublasLtMatmulPreferenceDestroy", functions.destroy_preference);
                                        in.find("cublasLtMatmulPreferenceSetAttribute", functions.set_preference);
                                        in.find("cublasLtMatmulAlgoGetHeuristic", functions.heuristic);
                                        in.find("cublasLtMatmulAlgoConfigGetAttribute", functions.algorithm_attribute);
                                        in.find("cublasLtMatmul", functions.matmul);
                                      });
  return library;
}

}  // namespace ebb::bench
