#include "apps/bench/cuda/nvml_library.h"

#include <array>

#include <cuda_runtime_api.h>

#include "ebb/core/cuda/check.h"

namespace ebb::bench {

const Library<NvmlFunctions>& nvml_library() {
  static const Library<NvmlFunctions> library =
      open_library<NvmlFunctions>("NVML", "libnvidia-ml.so.1", [](LibraryOpener& in, NvmlFunctions& functions) {
        in.find("nvmlInit_v2", functions.init);
        in.find("nvmlSystemGetDriverVersion", functions.driver_version);
        in.find("nvmlDeviceGetHandleByPciBusId_v2", functions.device_of_bus);
        in.find("nvmlDeviceGetClockInfo", functions.clock);
        in.find("nvmlDeviceGetCurrentClocksThrottleReasons", functions.throttle_reasons);
      });
  return library;
}

std::string bus_of(int device) {
  std::array<char, 32> text{};
  cuda_check(cudaDeviceGetPCIBusId(text.data(), static_cast<int>(text.size()), device));
  return text.data();
}

}  // namespace ebb::bench
