#pragma once

#include "ebb/nn/slots.h"

namespace ebb::nn {

struct DropoutOptions {
  double p = 0.5;  ///< the probability of a zero
  bool inplace = false;
};

/// What the dropouts have in common.
class DropoutBase : public Module {
 public:
  explicit DropoutBase(const DropoutOptions& options);
  std::string extra_repr() const override;

  DropoutOptions options;

 protected:
  /// x times a mask that is drawn in the shape given, or x outside of training.
  Tensor masked(const Tensor& x, const Shape& mask) const;
};

/// Zeroes elements with probability p in training; see ebb::dropout.
class Dropout : public DropoutBase {
 public:
  explicit Dropout(const DropoutOptions& given = {}) : DropoutBase(given) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
};

inline Dropout dropout(const DropoutOptions& options) { return Dropout(options); }
inline Dropout dropout(double p = 0.5) { return Dropout({.p = p}); }

/// Zeroes whole channels of (N, C, H, W). Tompson et al., CVPR 2015.
class Dropout2d : public DropoutBase {
 public:
  explicit Dropout2d(const DropoutOptions& given = {}) : DropoutBase(given) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
};

inline Dropout2d dropout2d(const DropoutOptions& options) { return Dropout2d(options); }
inline Dropout2d dropout2d(double p = 0.5) { return Dropout2d({.p = p}); }

}  // namespace ebb::nn
