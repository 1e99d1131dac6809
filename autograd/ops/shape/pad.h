#pragma once

#include "ebb/core/tensor.h"

namespace ebb {

/// `value` added around x. padding: before and after the last dimension, then the one before it, ...; negative crops.
Tensor pad(const Tensor& x, const Dims& padding, double value = 0, Site site = Site::current());

/// What stands in the padding: 0, the elements mirrored at the edge (which is not repeated), the edge, or those of the
/// other side.
enum class PadMode : std::uint8_t { constant, reflect, replicate, circular };

/// But for `constant` of floating x: (N, C, ...) or (C, ...), with a pair for each dimension after C, 3 at most.
Tensor pad(const Tensor& x, const Dims& padding, PadMode mode, Site site = Site::current());

}  // namespace ebb
