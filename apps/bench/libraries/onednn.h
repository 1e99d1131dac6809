#pragma once

#include "apps/bench/libraries/others.h"

/// Passes by oneDNN 2, of float32 on the CPU; an Error for those that it has not. Images lie as the task has them, what
/// they become, too.
namespace ebb::bench::onednn {

/// Convolutions and transposed ones. The weights lie as oneDNN wants them: they are brought there once, before the
/// first run. A gradient of the weights is brought back in each.
Run convolution(const Task& task);

Run pooling(const Task& task);    ///< of what is greatest, and means
Run norm(const Task& task);       ///< layer norm, and batch norm in training
Run softmax(const Task& task);    ///< of rows
Run reduction(const Task& task);  ///< sums and greatest elements

}  // namespace ebb::bench::onednn
