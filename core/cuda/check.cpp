#include "ebb/core/cuda/check.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include <cxxabi.h>

#include "ebb/core/cuda/context.h"
#include "ebb/core/cuda/cublas.h"
#include "ebb/core/error.h"
#include "ebb/core/streams/stream.h"

namespace ebb {
namespace {

bool synchronous_at_first() {
  const char* value = std::getenv("EBB_CUDA_SYNC");
  return value != nullptr && std::string_view(value) != "0" && std::string_view(value) != "";
}

/// "cudaErrorIllegalAddress (an illegal memory access was encountered)"
std::string text_of(cudaError_t status) {
  return std::string(cudaGetErrorName(status)) + " (" + cudaGetErrorString(status) + ")";
}

std::string name_of(const void* kernel) {
  const char* name = nullptr;
  if (cudaFuncGetName(&name, kernel) != cudaSuccess || name == nullptr) {
    static_cast<void>(cudaGetLastError());
    return "a kernel";
  }
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> readable(abi::__cxa_demangle(name, nullptr, nullptr, &status),
                                                        std::free);
  return readable != nullptr ? readable.get() : name;
}

constexpr const char* how_to_find =
    "; with EBB_CUDA_SYNC=1 in the environment, or cuda::set_synchronous(true), the kernel that fails is named";

bool is_of_capture(cudaError_t status) {
  return status >= cudaErrorStreamCaptureUnsupported && status <= cudaErrorStreamCaptureWrongThread;
}

}  // namespace

std::atomic<bool> cuda_detail::waits_after_launches = synchronous_at_first();

bool cuda::is_synchronous() { return cuda_detail::waits_after_launches; }

void cuda::set_synchronous(bool waits) { cuda_detail::waits_after_launches = waits; }

bool is_fault(cudaError_t status) {
  constexpr cudaError_t faults[] = {cudaErrorIllegalAddress,     cudaErrorAssert,
                                    cudaErrorHardwareStackError, cudaErrorIllegalInstruction,
                                    cudaErrorMisalignedAddress,  cudaErrorInvalidAddressSpace,
                                    cudaErrorInvalidPc,          cudaErrorLaunchFailure};
  return std::ranges::find(faults, status) != std::end(faults);
}

void throw_cuda_error(cudaError_t status, Site site) {
  static_cast<void>(cudaGetLastError());  // it is told here, and not again by the next launch
  if (is_fault(status)) {
    fail<DeviceError>("an earlier kernel has failed: CUDA reports ", text_of(status), " at ", to_string(site),
                      how_to_find);
  }
  if (is_of_capture(status)) {
    fail<DeviceError>("not possible while a graph is captured: CUDA reports ", text_of(status), " at ",
                      to_string(site));
  }
  fail<DeviceError>("CUDA reports ", text_of(status), " at ", to_string(site));
}

void cuda_detail::fail_before_launch(const void* kernel) {
  const cudaError_t status = cudaGetLastError();
  if (is_fault(status)) {
    fail<DeviceError>("an earlier kernel has failed: CUDA reports ", text_of(status), " before ", name_of(kernel),
                      " is launched", how_to_find);
  }
  fail<DeviceError>("an earlier call of CUDA, outside of ebb, has failed and was not asked about: ", text_of(status),
                    ", before ", name_of(kernel), " is launched; call cudaGetLastError() after what may fail");
}

void cuda_detail::check_launched(CudaContext& context, const void* kernel) {
  const cudaError_t status = cudaGetLastError();
  const bool waits = cuda::is_synchronous() && !context.is_capturing();
  if (is_fault(status) && !waits) {
    fail<DeviceError>("an earlier kernel has failed: CUDA reports ", text_of(status), " as ", name_of(kernel),
                      " is launched", how_to_find);
  }
  if (status != cudaSuccess && !is_fault(status)) {
    fail<DeviceError>("CUDA does not launch ", name_of(kernel), ": ", text_of(status));
  }
  if (!waits) return;
  const cudaError_t result = cudaStreamSynchronize(context.stream());
  if (result != cudaSuccess) fail<DeviceError>("the kernel ", name_of(kernel), " has failed: ", text_of(result));
}

void throw_cublas_error(cublasStatus_t status, Site site) {
  const CublasFunctions& cublas = cublas_functions();
  fail<DeviceError>("cuBLAS reports ", cublas.status_name(status), " (", cublas.status_string(status), ") at ",
                    to_string(site));
}

const CublasFunctions& cublas_functions() { return functions_of(cublas_library()); }

}  // namespace ebb
