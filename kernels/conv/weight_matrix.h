#pragma once

#include <cstdint>

#include "ebb/kernels/conv/conv_task.h"

namespace ebb::kernels {

/// to = `shares` sums, each of `elements`, one after the other in `sums`, added in order; may be the first of them.
template <class T>
void add_shares(std::int64_t shares, std::int64_t elements, const T* sums, T* to);

/// A (kh kw c, o) matrix of some input and some output channels of a weight.
template <class T>
struct WeightMatrix {
  const T* data;
  std::int64_t tap, channel;  // strides; the outputs are adjacent
  std::int64_t channels, outputs;
};

/// What it says of a weight (O, C / groups, kh, kw), from its first input and output channel on.
template <class T>
void weight_from_part(const ConvSizes& sizes, const WeightMatrix<T>& matrix, T* weight);

/// The weight (O, C / groups, kh, kw) of group `group` from its (kh kw c, o) matrix.
template <class T>
void weight_from_matrix(const ConvSizes& sizes, std::int64_t group, const T* matrix, T* weight);

}  // namespace ebb::kernels
