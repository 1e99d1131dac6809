#pragma once

#include "ebb/nn/slots.h"

namespace ebb::nn {

/// Softmax along one dimension; see ebb::softmax.
class Softmax : public Module {
 public:
  explicit Softmax(std::int64_t dim) : dim(dim) {}
  Tensor operator()(const Tensor& x) const;
  std::string extra_repr() const override { return "dim=" + std::to_string(dim); }

  std::int64_t dim;
};
inline Softmax softmax(std::int64_t dim) { return Softmax(dim); }

/// Its logarithm; see ebb::log_softmax.
class LogSoftmax : public Module {
 public:
  explicit LogSoftmax(std::int64_t dim) : dim(dim) {}
  Tensor operator()(const Tensor& x) const;
  std::string extra_repr() const override { return "dim=" + std::to_string(dim); }

  std::int64_t dim;
};
inline LogSoftmax log_softmax(std::int64_t dim) { return LogSoftmax(dim); }

/// Softmax over the channels of (N, C, H, W) or (C, H, W).
class Softmax2d : public Module {
 public:
  Tensor operator()(const Tensor& x) const;
};
inline Softmax2d softmax2d() { return {}; }

}  // namespace ebb::nn
