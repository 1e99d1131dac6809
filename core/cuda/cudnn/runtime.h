#pragma once

#include <functional>
#include <string>

#include "ebb/core/context.h"

/// What is asked of CUDA's runtime. tests/support/cuda_emulator answers in its place.
namespace ebb::cudnn {

/// "NVIDIA H200"
std::string device_name(int index);

/// Whether work of the context's stream goes into a graph, to be done when that is launched.
bool is_capturing(CudaContext& context);

/// What `run` takes on the context's stream: the least of a few times, after one that does not count. Waits for it.
double milliseconds(CudaContext& context, const std::function<void()>& run);

}  // namespace ebb::cudnn
