#pragma once

#include "ebb/autograd/ops/shape.h"
#include "ebb/nn/repr.h"
#include "ebb/nn/slots.h"

namespace ebb::nn {

/// Dimensions start_dim to end_dim made one; see ebb::flatten.
class Flatten : public Module {
 public:
  explicit Flatten(std::int64_t start_dim = 1, std::int64_t end_dim = -1) : start_dim_(start_dim), end_dim_(end_dim) {}
  Tensor operator()(const Tensor& x) const { return x.flatten(start_dim_, end_dim_); }
  std::string extra_repr() const override {
    return "start_dim=" + std::to_string(start_dim_) + ", end_dim=" + std::to_string(end_dim_);
  }

 private:
  std::int64_t start_dim_, end_dim_;
};

inline Flatten flatten(std::int64_t start_dim = 1, std::int64_t end_dim = -1) { return Flatten(start_dim, end_dim); }

/// One dimension made several, one of which may be -1.
class Unflatten : public Module {
 public:
  Unflatten(std::int64_t dim, const Shape& unflattened_size) : dim_(dim), size_(unflattened_size) {}
  Tensor operator()(const Tensor& x) const;
  std::string extra_repr() const override {
    return "dim=" + std::to_string(dim_) + ", unflattened_size=" + repr(size_);
  }

 private:
  std::int64_t dim_;
  Shape size_;
};

inline Unflatten unflatten(std::int64_t dim, const Shape& unflattened_size) { return {dim, unflattened_size}; }

}  // namespace ebb::nn
