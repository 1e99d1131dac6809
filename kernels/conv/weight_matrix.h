#pragma once

#include <cstdint>

#include "ebb/kernels/conv/conv_task.h"

namespace ebb::kernels {

/// sums[0] += the others of `shares` sums, each of `elements`, in order.
template <class T>
void add_shares(std::int64_t shares, std::int64_t elements, T* sums);

/// The weight (O, C / groups, kh, kw) of group `group` from its (kh kw c, o) matrix.
template <class T>
void weight_from_matrix(const ConvSizes& sizes, std::int64_t group, const T* matrix, T* weight);

}  // namespace ebb::kernels
