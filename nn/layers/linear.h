#pragma once

#include "ebb/nn/slots.h"

namespace ebb::nn {

struct LinearOptions {
  std::int64_t in_features, out_features;
  bool bias = true;
};

/// x weight^T + bias: (..., in_features) -> (..., out_features).
class Linear : public Module {
 public:
  explicit Linear(const LinearOptions& options);
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
  void reset_parameters();
  std::string extra_repr() const override;

  LinearOptions options;
  Parameter weight;  ///< (out_features, in_features)
  Parameter bias;    ///< (out_features)
};

inline Linear linear(const LinearOptions& options) { return Linear(options); }
inline Linear linear(std::int64_t in_features, std::int64_t out_features) {
  return Linear({in_features, out_features});
}

struct BilinearOptions {
  std::int64_t in1_features, in2_features, out_features;
  bool bias = true;
};

/// a weight_k b + bias_k for each k: (..., in1_features), (..., in2_features) -> (..., out_features). See
/// ebb::bilinear.
class Bilinear : public Module {
 public:
  explicit Bilinear(const BilinearOptions& options);
  Tensor operator()(const Tensor& a, const Tensor& b) const;
  void reset_parameters();
  std::string extra_repr() const override;

  BilinearOptions options;
  Parameter weight;  ///< (out_features, in1_features, in2_features)
  Parameter bias;    ///< (out_features)
};

inline Bilinear bilinear(const BilinearOptions& options) { return Bilinear(options); }

/// Its input.
class Identity : public Module {
 public:
  Tensor operator()(const Tensor& x, Site site = Site::current()) const {
    const OpScope line(site);
    return x;
  }
};

inline Identity identity() { return {}; }

}  // namespace ebb::nn
