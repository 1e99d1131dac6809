#pragma once

#include "ebb/autograd/ops/activation/gelu.h"
#include "ebb/nn/slots.h"

namespace ebb::nn {

// One module for each activation of ebb/autograd/ops: what it computes stands there.

struct InplaceOptions {
  bool inplace = false;  ///< overwrite the input
};

/// What activations that may work in place have in common.
class InplaceActivation : public Module {
 public:
  explicit InplaceActivation(bool in_place) : inplace(in_place) {}
  std::string extra_repr() const override { return inplace ? "inplace=True" : ""; }

  bool inplace;

 protected:
  /// The other arguments as printed, and whether it works in place.
  std::string repr_after(const std::string& arguments) const { return arguments + (inplace ? ", inplace=True" : ""); }
};

class ReLU : public InplaceActivation {
 public:
  explicit ReLU(bool in_place = false) : InplaceActivation(in_place) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
};
inline ReLU relu(const InplaceOptions& options = {}) { return ReLU(options.inplace); }

class ReLU6 : public InplaceActivation {
 public:
  explicit ReLU6(bool in_place = false) : InplaceActivation(in_place) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
};
inline ReLU6 relu6(const InplaceOptions& options = {}) { return ReLU6(options.inplace); }

class SELU : public InplaceActivation {
 public:
  explicit SELU(bool in_place = false) : InplaceActivation(in_place) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
};
inline SELU selu(const InplaceOptions& options = {}) { return SELU(options.inplace); }

class SiLU : public InplaceActivation {
 public:
  explicit SiLU(bool in_place = false) : InplaceActivation(in_place) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
};
inline SiLU silu(const InplaceOptions& options = {}) { return SiLU(options.inplace); }

class Mish : public InplaceActivation {
 public:
  explicit Mish(bool in_place = false) : InplaceActivation(in_place) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
};
inline Mish mish(const InplaceOptions& options = {}) { return Mish(options.inplace); }

class Hardswish : public InplaceActivation {
 public:
  explicit Hardswish(bool in_place = false) : InplaceActivation(in_place) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
  std::string extra_repr() const override { return ""; }  // so PyTorch prints it
};
inline Hardswish hardswish(const InplaceOptions& options = {}) { return Hardswish(options.inplace); }

class Hardsigmoid : public InplaceActivation {
 public:
  explicit Hardsigmoid(bool in_place = false) : InplaceActivation(in_place) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
  std::string extra_repr() const override { return ""; }  // so PyTorch prints it
};
inline Hardsigmoid hardsigmoid(const InplaceOptions& options = {}) { return Hardsigmoid(options.inplace); }

struct LeakyReLUOptions {
  double negative_slope = 0.01;
  bool inplace = false;
};
class LeakyReLU : public InplaceActivation {
 public:
  explicit LeakyReLU(const LeakyReLUOptions& o = {}) : InplaceActivation(o.inplace), options(o) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
  std::string extra_repr() const override;

  LeakyReLUOptions options;
};
inline LeakyReLU leaky_relu(const LeakyReLUOptions& options = {}) { return LeakyReLU(options); }

struct ELUOptions {
  double alpha = 1;
  bool inplace = false;
};
class ELU : public InplaceActivation {
 public:
  explicit ELU(const ELUOptions& o = {}) : InplaceActivation(o.inplace), options(o) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
  std::string extra_repr() const override;

  ELUOptions options;
};
inline ELU elu(const ELUOptions& options = {}) { return ELU(options); }

class CELU : public InplaceActivation {
 public:
  explicit CELU(const ELUOptions& o = {}) : InplaceActivation(o.inplace), options(o) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
  std::string extra_repr() const override;

  ELUOptions options;
};
inline CELU celu(const ELUOptions& options = {}) { return CELU(options); }

struct HardtanhOptions {
  double min_val = -1, max_val = 1;
  bool inplace = false;
};
class Hardtanh : public InplaceActivation {
 public:
  explicit Hardtanh(const HardtanhOptions& o = {});
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
  std::string extra_repr() const override;

  HardtanhOptions options;
};
inline Hardtanh hardtanh(const HardtanhOptions& options = {}) { return Hardtanh(options); }

struct GELUOptions {
  GeluApproximation approximate = GeluApproximation::none;
};
class GELU : public Module {
 public:
  explicit GELU(const GELUOptions& given = {}) : options(given) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
  std::string extra_repr() const override;

  GELUOptions options;
};
inline GELU gelu(const GELUOptions& options = {}) { return GELU(options); }

struct SoftplusOptions {
  double beta = 1, threshold = 20;
};
class Softplus : public Module {
 public:
  explicit Softplus(const SoftplusOptions& given = {}) : options(given) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
  std::string extra_repr() const override;

  SoftplusOptions options;
};
inline Softplus softplus(const SoftplusOptions& options = {}) { return Softplus(options); }

struct PReLUOptions {
  std::int64_t num_parameters = 1;  ///< 1, or one a channel
  double init = 0.25;
};
class PReLU : public Module {
 public:
  explicit PReLU(const PReLUOptions& options = {});
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
  std::string extra_repr() const override;

  PReLUOptions options;
  Parameter weight;  ///< (num_parameters)
};
inline PReLU prelu(const PReLUOptions& options = {}) { return PReLU(options); }

class Sigmoid : public Module {
 public:
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
};
inline Sigmoid sigmoid() { return {}; }

class Tanh : public Module {
 public:
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
};
inline Tanh tanh() { return {}; }

class LogSigmoid : public Module {
 public:
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
};
inline LogSigmoid log_sigmoid() { return {}; }

/// Softmax along one dimension; see ebb::softmax.
class Softmax : public Module {
 public:
  explicit Softmax(std::int64_t axis) : dim(axis) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
  std::string extra_repr() const override { return "dim=" + std::to_string(dim); }

  std::int64_t dim;
};
inline Softmax softmax(std::int64_t dim) { return Softmax(dim); }

/// Its logarithm; see ebb::log_softmax.
class LogSoftmax : public Module {
 public:
  explicit LogSoftmax(std::int64_t axis) : dim(axis) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
  std::string extra_repr() const override { return "dim=" + std::to_string(dim); }

  std::int64_t dim;
};
inline LogSoftmax log_softmax(std::int64_t dim) { return LogSoftmax(dim); }

/// Softmax over the channels of (N, C, H, W) or (C, H, W).
class Softmax2d : public Module {
 public:
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
};
inline Softmax2d softmax2d() { return {}; }

}  // namespace ebb::nn
