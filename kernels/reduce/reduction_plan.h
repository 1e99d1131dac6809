#pragma once

#include "ebb/kernels/rows.h"

namespace ebb::kernels {

/// How a reduction walks: `kept` over the outputs (operands x and y), `reduced` over the elements of each (operand x).
struct ReductionPlan {
  Rows<2> kept;
  Rows<1> reduced;
};

ReductionPlan plan_reduction(const Tensor& x, const Dims& dims, const Tensor& y);

}  // namespace ebb::kernels
