// Opens cuBLAS; tests/support/cuda_emulator has another in its place.
#include <string>

#include <dlfcn.h>

#include "ebb/core/cuda/cublas.h"

namespace ebb {
namespace {

/// The library of the version that was compiled with, from where the linker looks, or the toolkit's folder (libebb's
/// runpath).
class OpenedLibrary {
 public:
  OpenedLibrary()
      : name_("libcublas.so." + std::to_string(CUBLAS_VER_MAJOR)), handle_(dlopen(name_.c_str(), RTLD_LAZY)) {
    if (handle_ == nullptr) report();
    find("cublasCreate_v2", functions_.create);
    find("cublasDestroy_v2", functions_.destroy);
    find("cublasSetStream_v2", functions_.set_stream);
    find("cublasSetWorkspace_v2", functions_.set_workspace);
    find("cublasSgemm_v2_64", functions_.sgemm);
    find("cublasDgemm_v2_64", functions_.dgemm);
    find("cublasGetStatusName", functions_.status_name);
    find("cublasGetStatusString", functions_.status_string);
    if (missing_.empty()) {
      library.functions = &functions_;
    } else {
      library.missing = missing_.c_str();
    }
  }

  CublasLibrary library;

 private:
  void report() {
    const char* reason = dlerror();
    missing_ = "cuBLAS cannot be used: " + std::string(reason != nullptr ? reason : name_.c_str()) +
               "; name the folder of the CUDA toolkit's libraries in LD_LIBRARY_PATH";
  }

  template <class Function>
  void find(const char* name, Function& function) {
    if (!missing_.empty()) return;
    function = reinterpret_cast<Function>(dlsym(handle_, name));
    if (function == nullptr) report();
  }

  std::string name_, missing_;
  void* handle_;
  CublasFunctions functions_{};
};

}  // namespace

// Never closed: handles of contexts, which are never destroyed, are its own.
const CublasLibrary& cublas_library() {
  static const auto* opened = new OpenedLibrary;
  return opened->library;
}

}  // namespace ebb
