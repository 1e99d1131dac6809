#pragma once

#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/nn/repr.h"
#include "ebb/nn/slots.h"

namespace ebb::nn {

/// Dimensions start_dim to end_dim made one; see ebb::flatten.
class Flatten : public Module {
 public:
  explicit Flatten(std::int64_t start = 1, std::int64_t end = -1) : start_dim(start), end_dim(end) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const {
    const OpScope line(site);
    return x.flatten(start_dim, end_dim);
  }
  std::string extra_repr() const override {
    return "start_dim=" + std::to_string(start_dim) + ", end_dim=" + std::to_string(end_dim);
  }

  std::int64_t start_dim, end_dim;
};

inline Flatten flatten(std::int64_t start_dim = 1, std::int64_t end_dim = -1) { return Flatten(start_dim, end_dim); }

/// One dimension made several, one of which may be -1.
class Unflatten : public Module {
 public:
  Unflatten(std::int64_t axis, const Shape& size) : dim(axis), unflattened_size(size) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
  std::string extra_repr() const override {
    return "dim=" + std::to_string(dim) + ", unflattened_size=" + repr(unflattened_size);
  }

  std::int64_t dim;
  Shape unflattened_size;
};

inline Unflatten unflatten(std::int64_t dim, const Shape& unflattened_size) { return {dim, unflattened_size}; }

}  // namespace ebb::nn
