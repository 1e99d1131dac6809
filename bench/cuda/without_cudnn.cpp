#include "ebb/core/error.h"

#include "bench/cuda/cudnn_device.h"

namespace ebb::bench {

std::string cudnn_device_properties() { fail("this ebb was built without cuDNN's header, cudnn.h"); }

}  // namespace ebb::bench
