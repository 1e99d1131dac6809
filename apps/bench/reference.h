#pragma once

#include <string>
#include <vector>

#include "apps/bench/cases/call.h"

namespace ebb::bench {

/// A pass in float64 on the CPU, from the same numbers.
struct Reference {
  std::vector<Tensor> results;
  std::string by;  ///< "float64 by plain": the plainest implementation; without a name: that which the library takes
};

/// By the plainest implementation where that takes a second or so. `dy`: undefined for the forward pass.
Reference reference_of(const Case& c, const Pass& pass, const std::vector<Tensor>& inputs, const Tensor& dy,
                       MemoryFormat format);

/// The norm of the difference over that of what it should be, of the worst of the results; infinite where one is not a
/// number or of another shape.
double error_of(const std::vector<Tensor>& results, const std::vector<Tensor>& exact);

/// What an error must not exceed: what sums of products of float32 differ by, Winograd's too; four roundings of half
/// precision or of TF32.
double tolerance_of(DType dtype, bool allows_tf32);

}  // namespace ebb::bench
