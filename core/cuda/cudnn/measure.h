#pragma once

#include <functional>
#include <string>

#include "ebb/core/context.h"

namespace ebb::cudnn {

/// "NVIDIA H200"
std::string device_name(int index);

/// What `run` takes on the context's stream: the least of a few times, after one that does not count. Waits for it.
double milliseconds(CudaContext& context, const std::function<void()>& run);

}  // namespace ebb::cudnn
