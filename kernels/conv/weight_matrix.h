#pragma once

#include <cstdint>

#include "ebb/kernels/conv/conv_task.h"

namespace ebb::kernels {

/// The weight (O, C / groups, kh, kw) of group `group` from its (kh kw c, o) matrix.
template <class T>
void weight_from_matrix(const ConvSizes& sizes, std::int64_t group, const T* matrix, T* weight);

}  // namespace ebb::kernels
