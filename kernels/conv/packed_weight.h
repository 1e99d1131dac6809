#pragma once

#include <functional>

#include "ebb/core/tensor.h"

namespace ebb::kernels {

/// A weight and, beside its elements, the forms that implementations want it in. They belong to the weight's storage
/// and go with it, so that who computes with the same weight again need keep nothing. A form is made again when an op
/// has written to the weight; and at every call where somebody may write to it otherwise: memory that is not ebb's own,
/// or that was handed out by to_dlpack. Who writes through a pointer calls storage().mark_written().
class PackedWeight {
 public:
  PackedWeight(const Tensor& weight) : weight_(weight) {}

  const Tensor& weight() const { return weight_; }

  /// The form called `layout`, which `pack()` makes. On a GPU each stream has its own, for what one stream makes
  /// another would have to wait for.
  Tensor as(const char* layout, const std::function<Tensor()>& pack, const void* stream = nullptr) const;

 private:
  Tensor weight_;
};

}  // namespace ebb::kernels
