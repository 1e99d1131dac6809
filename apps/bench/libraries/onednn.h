#pragma once

#include "apps/bench/libraries/others.h"

namespace ebb::bench::onednn {

/// Convolutions and transposed ones by oneDNN 2, of float32 on the CPU. Images lie as the task has them, the weights as
/// oneDNN wants them: they are brought there once, before the first run. A gradient of the weights is brought back in
/// each.
Run convolution(const Task& task);

}  // namespace ebb::bench::onednn
