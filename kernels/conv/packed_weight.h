#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string_view>
#include <vector>

#include "ebb/core/tensor.h"

namespace ebb::kernels {

/// Weights in the forms that implementations want them in, each until its weight is written to.
class PackedForms {
 public:
  /// The form of `weight` that is called `layout`, for `stream` alone, which `pack()` makes where it is not there.
  Tensor get(const Tensor& weight, std::string_view layout, const Dims& variant, const void* stream,
             const std::function<Tensor()>& pack);

 private:
  struct Form {
    std::string_view layout;
    Dims variant;
    const void* stream;
    Shape shape;
    Strides strides;
    std::int64_t offset;
    DType dtype;
    std::uint32_t version;  // of the storage
    Tensor packed;

    bool is(const Form& other) const;
  };

  std::mutex mutex_;
  std::vector<Form> forms_;
};

/// A weight and, beside it, the form that an implementation wants it in. A Tensor converts to one for a single call. A
/// form is made again when an op has written to the weight.
///
/// On a GPU forms belong to the weight's storage, and go with it, so that who computes with the same weight again need
/// keep nothing. They are made anew at every call where somebody may write to the weight otherwise: in memory that is
/// not ebb's own, or that to_dlpack has handed out. Who writes to it in a kernel of their own calls
/// storage().mark_written(). On the CPU it is the same where `keeps` says so, as in inference, and where nobody has
/// been given a pointer to write through since an op wrote to the weight; otherwise they belong to this object.
class PackedWeight {
 public:
  PackedWeight(const Tensor& weight, bool keeps = false) : weight_(weight), keeps_(keeps) {}

  const Tensor& weight() const { return weight_; }
  /// Do forms outlive this object?
  bool is_kept() const;

  /// The form called `layout`, of which there may be variants, told apart by numbers, which `pack()` makes. On a GPU
  /// each stream has its own, for what one stream makes another would have to wait for.
  Tensor as(const char* layout, const std::function<Tensor()>& pack, const void* stream = nullptr,
            const Dims& variant = {}) const;

 private:
  Tensor weight_;
  bool keeps_;
  mutable PackedForms own_;
};

}  // namespace ebb::kernels
