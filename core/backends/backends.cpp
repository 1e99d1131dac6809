#include "ebb/core/backends/backends.h"

#include "ebb/config.h"
#include "ebb/core/cuda/cudnn/backend.h"

namespace ebb::backends {

constinit Cpu cpu;
constinit Cudnn cudnn;
constinit Cuda cuda;

bool Cudnn::is_available() const { return why_not().empty(); }

std::int64_t Cudnn::version() const {
  if constexpr (built_with_cuda) return is_available() ? ebb::cudnn::version() : 0;
  return 0;
}

std::string Cudnn::why_not() const {
  if constexpr (built_with_cuda) {
    const char* missing = ebb::cudnn::missing();
    return missing != nullptr ? missing : "";
  }
  return "this ebb was built without CUDA";
}

std::string Cudnn::benchmark_results() const {
  if constexpr (built_with_cuda) return ebb::cudnn::benchmark_results();
  return "";
}

void Cudnn::add_benchmark_results(std::string_view text) {
  if constexpr (built_with_cuda) ebb::cudnn::add_benchmark_results(text);
}

}  // namespace ebb::backends
