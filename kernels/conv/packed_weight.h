#pragma once

#include <mutex>

#include "ebb/core/tensor.h"

namespace ebb::kernels {

/// A weight and, beside it, the form that an implementation wants it in. A Tensor converts to one for a single call;
/// who computes with the same weight again keeps one, and each packs it once. It is packed again when the weight has
/// been written to by an op; who writes through a pointer makes a new one.
class PackedWeight {
 public:
  PackedWeight(const Tensor& weight) : weight_(weight) {}

  const Tensor& weight() const { return weight_; }

  /// The form called `layout`, which `pack()` makes.
  template <class Pack>
  Tensor as(const char* layout, Pack&& pack) const {
    const std::scoped_lock lock(mutex_);
    if (!has(layout)) keep(layout, pack());
    return packed_;
  }

 private:
  bool has(const char* layout) const;
  void keep(const char* layout, const Tensor& packed) const;

  Tensor weight_;
  mutable std::mutex mutex_;
  mutable Tensor packed_;
  mutable const char* layout_ = nullptr;
  mutable std::uint32_t version_ = 0;  // of the weight, when it was packed
};

}  // namespace ebb::kernels
