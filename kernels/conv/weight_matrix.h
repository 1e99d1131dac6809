#pragma once

#include <cstdint>

#include "ebb/kernels/conv/conv_task.h"

namespace ebb::kernels {

/// to = `shares` sums, each of `elements`, one after the other in `sums`, added in order; may be the first of them.
template <class T>
void add_shares(std::int64_t shares, std::int64_t elements, const T* sums, T* to);

/// The weight (O, C / groups, kh, kw) of group `group` from its (kh kw c, o) matrix.
template <class T>
void weight_from_matrix(const ConvSizes& sizes, std::int64_t group, const T* matrix, T* weight);

}  // namespace ebb::kernels
