#pragma once

#include <cstdint>

#include "ebb/kernels/cpu/scratch.h"
#include "ebb/kernels/gemm/blocks.h"
#include "ebb/kernels/im2col/lines.h"
#include "ebb/kernels/im2col/patches.h"

namespace ebb::kernels {

/// The matrix of patches as the left factor of a product: where it lies, or gathered where that is faster.
/// `range_of(place)` says which part of it a block of the product takes.
template <class T, class RangeOf>
class PatchFactor {
 public:
  PatchFactor(const ConvSizes& sizes, const T* x, RangeOf range_of)
      : sizes_(sizes), x_(x), range_of_(range_of), lines_(sizes, x) {}

  BlockRows<T> rows() const {
    if (!lines_.is_fast_by_rows()) return {find<&PatchFactor::gathered_rows>, this, 0, 1, cycles_to_gather};
    return {find<&PatchFactor::lying_rows>, this, lines_.stretch(), lines_.run(), lines_.fetch(), lines_.elements()};
  }
  /// Of the transpose: the terms are pixels.
  BlockRows<T> columns() const {
    if (!lines_.is_fast_by_columns()) return {find<&PatchFactor::gathered_columns>, this, 0, 1, cycles_to_gather};
    constexpr double few = 1;  // whatever rows there are, the pixels that they come from are the same
    return {find<&PatchFactor::lying_columns>, this, lines_.run(), lines_.stretch(), lines_.fetch(), few};
  }

 private:
  static constexpr double cycles_to_gather = 0.15;

  template <Block<T> (PatchFactor::*find_range)(const PatchRange&) const>
  static Block<T> find(const void* closure, const BlockPlace& place) {
    const auto& self = *static_cast<const PatchFactor*>(closure);
    return (self.*find_range)(self.range_of_(place));
  }
  Block<T> lying_rows(const PatchRange& range) const { return lines_.rows(range); }
  Block<T> lying_columns(const PatchRange& range) const { return lines_.columns(range); }
  Block<T> gathered_rows(const PatchRange& range) const {
    return {gather(range), range.columns, 1, one_run(range.rows), one_run(range.columns)};
  }
  Block<T> gathered_columns(const PatchRange& range) const {
    return {gather(range), 1, range.columns, one_run(range.columns), one_run(range.rows)};
  }
  const T* gather(const PatchRange& range) const {
    T* patches = scratch<T>(Scratch::block, range.rows * range.columns);
    gather_patches(sizes_, x_, range, patches);
    return patches;
  }

  const ConvSizes& sizes_;
  const T* x_;
  RangeOf range_of_;
  PatchLines<T> lines_;
};

}  // namespace ebb::kernels
