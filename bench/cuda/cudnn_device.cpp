#include "bench/cuda/cudnn_device.h"

#include "ebb/core/cuda/cudnn/descriptor.h"

namespace ebb::bench {

std::string cudnn_device_properties() {
  constexpr std::int64_t most = 1 << 16;
  cudnn::Descriptor properties(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR);
  properties.set(CUDNN_ATTR_DEVICEPROP_DEVICE_ID, std::int32_t{0}).finish();
  const std::vector<char> text = properties.values<char>(CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, most);
  return text.data();
}

}  // namespace ebb::bench
