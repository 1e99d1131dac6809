#pragma once

#include <string>

namespace ebb::bench {

/// cuDNN's own description of the first GPU, as JSON: what CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION takes on a machine
/// without one. An Error that says why there is none.
std::string cudnn_device_properties();

}  // namespace ebb::bench
