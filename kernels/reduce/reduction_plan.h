#pragma once

#include <cstdint>
#include <type_traits>

#include "ebb/core/dtype/half.h"
#include "ebb/kernels/rows.h"

namespace ebb::kernels {

/// How a reduction walks: `kept` over the outputs (operands x and y), `reduced` over the elements of each (operand x).
struct ReductionPlan {
  Rows<2> kept;
  Rows<1> reduced;
};

ReductionPlan plan_reduction(const Tensor& x, const Dims& dims, const Tensor& y);

/// The offset of row `r` of the reduced elements.
std::int64_t reduced_offset(const Rows<1>& reduced, std::int64_t r);

/// The number of outputs that are worth a thread of their own.
std::int64_t outputs_per_chunk(const ReductionPlan& plan);

/// What elements are added and multiplied in.
template <class T>
using Accumulator = std::conditional_t<std::is_floating_point_v<OpMath<T>>, OpMath<T>, std::int64_t>;

}  // namespace ebb::kernels
