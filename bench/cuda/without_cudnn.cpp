#include "ebb/core/error.h"

#include "bench/cuda/baselines.h"
#include "bench/cuda/cudnn_device.h"

namespace ebb::bench {

std::string cudnn_device_properties() { fail("this ebb was built without cuDNN's header, cudnn.h"); }

std::vector<Baseline> cudnn_baselines_of(const Case&) { return {}; }

}  // namespace ebb::bench
