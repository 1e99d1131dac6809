#pragma once

#include <vector>

#include "ebb/core/tensor.h"

namespace ebb::autograd {

/// A tensor that a gradient closure keeps: capture it as `[x = Saved(x)]` and use it as a Tensor. Using it checks
/// that nobody has written to its elements since; if somebody has, the error names both ops and their lines.
/// Empty while nothing is recorded.
class Saved {
 public:
  explicit Saved(const Tensor& tensor);
  Saved(const Saved& other);
  Saved(Saved&&) = default;
  Saved& operator=(const Saved&) = delete;
  Saved& operator=(Saved&&) = default;
  ~Saved() = default;

  operator const Tensor&() const { return get(); }
  const Tensor* operator->() const { return &get(); }
  const Tensor& get() const {
    if (tensor_.defined() && tensor_.storage().version() != version_) [[unlikely]] {
      fail_overwritten();
    }
    return tensor_;
  }

  /// Calls `copy` and returns what it saved: every Saved that it copies, in order.
  template <class Copy>
  static std::vector<Tensor> collect(Copy&& copy) {
    std::vector<Tensor> found;
    const Collecting scope(found);
    copy();
    return found;
  }

 private:
  class Collecting {
   public:
    explicit Collecting(std::vector<Tensor>& into);
    ~Collecting();
  };

  [[noreturn]] void fail_overwritten() const;

  Tensor tensor_;
  std::uint32_t version_ = 0;
};

}  // namespace ebb::autograd
