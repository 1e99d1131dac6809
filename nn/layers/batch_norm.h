#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "ebb/comm/communicator.h"
#include "ebb/nn/layers/activation.h"
#include "ebb/nn/layers/pool.h"
#include "ebb/nn/slots.h"

namespace ebb::nn {

struct BatchNormOptions {
  std::int64_t num_features;
  double eps = 1e-5;
  std::optional<double> momentum = 0.1;  ///< absent: the mean of all batches so far
  bool affine = true;                    ///< a trained weight and bias
  bool track_running_stats = true;       ///< false: the batch's statistics in eval() too
  bool bias = true;                      ///< with affine: also a trained bias
};

/// What the batch norms, and instance norms, have in common: weight, bias and running statistics.
class NormBase : public Module {
 public:
  std::string extra_repr() const override;

  BatchNormOptions options;
  Parameter weight, bias;            ///< (C)
  Buffer running_mean, running_var;  ///< (C)
  Buffer num_batches_tracked;        ///< a scalar, int64

 protected:
  explicit NormBase(const BatchNormOptions& options);
  std::int64_t version() const override { return 2; }
  void upgrade(StateDict& dict, const std::string& prefix, std::int64_t version) const override;
};

/// Normalises each channel of its input; see ebb::batch_norm. Keeps running statistics for eval().
class BatchNorm : public NormBase {
 public:
  std::string kind() const override;

  /// In training the batch is that of all these ranks; see ebb::sync_batch_norm. Null: of this one alone. Copies of the
  /// module share it.
  std::shared_ptr<comm::Communicator> group;

 protected:
  using NormBase::NormBase;

  /// What becomes of the norm: relu(norm + residual), of which the greatest of each window may be taken, or nothing.
  struct Tail {
    bool relu = false;
    Tensor residual{};
    std::optional<MaxPool2dOptions> pooling{};
  };
  Tensor normalized(const Tensor& x, const Tail& tail) const;

 private:
  struct Running {
    Tensor mean, var;
    double momentum;
    Tensor count;  // undefined where it has been counted
  };
  bool is_of_several() const;
  Tensor normalized(const Tensor& x, const Running& running, const Tail& tail) const;
  Tensor normalized_by_count(const Tensor& x, const Tail& tail) const;
};

/// Of (N, C) or (N, C, L).
class BatchNorm1d : public BatchNorm {
 public:
  explicit BatchNorm1d(const BatchNormOptions& given) : BatchNorm(given) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
};
inline BatchNorm1d batch_norm1d(const BatchNormOptions& options) { return BatchNorm1d(options); }
inline BatchNorm1d batch_norm1d(std::int64_t num_features) { return BatchNorm1d({.num_features = num_features}); }

/// Of (N, C, H, W).
class BatchNorm2d : public BatchNorm {
 public:
  explicit BatchNorm2d(const BatchNormOptions& given) : BatchNorm(given) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
  /// relu(norm(x) + residual) as one op; undefined, there is no residual. See ebb::batch_norm_relu.
  Tensor relu(const Tensor& x, const Tensor& residual = {}, Site site = Site::current()) const;
  /// max_pool2d(relu(norm(x))) as one op. See ebb::batch_norm_relu_max_pool2d.
  Tensor relu_max_pool(const Tensor& x, const MaxPool2dOptions& pooling, Site site = Site::current()) const;
};
inline BatchNorm2d batch_norm2d(const BatchNormOptions& options) { return BatchNorm2d(options); }
inline BatchNorm2d batch_norm2d(std::int64_t num_features) { return BatchNorm2d({.num_features = num_features}); }

/// Of (N, C, D, H, W).
class BatchNorm3d : public BatchNorm {
 public:
  explicit BatchNorm3d(const BatchNormOptions& given) : BatchNorm(given) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
};
inline BatchNorm3d batch_norm3d(const BatchNormOptions& options) { return BatchNorm3d(options); }
inline BatchNorm3d batch_norm3d(std::int64_t num_features) { return BatchNorm3d({.num_features = num_features}); }

/// A BatchNorm2d with a ReLU after it and, maybe, a MaxPool2d after that, which are called as one op.
struct FusedNorm {
  const BatchNorm2d* norm = nullptr;  ///< null: there is none
  const MaxPool2d* pool = nullptr;

  /// How many modules it stands for.
  int count() const { return norm == nullptr ? 0 : pool == nullptr ? 2 : 3; }
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
};
/// Of modules that follow each other, each of which may be null; none of them has a hook that wants to see what it is
/// given.
FusedNorm fused_norm(const Module* norm, const Module* relu, const Module* pool = nullptr);

/// relu(norm(x) + residual()), for the members of a block: as one op, or in steps, in this order, where a hook of
/// `norm` or `relu` wants to see what they are given.
Tensor norm_relu(const Child<BatchNorm2d>& norm, const Child<ReLU>& relu, const Tensor& x,
                 const std::function<Tensor()>& residual = {}, Site site = Site::current());

/// pool(relu(norm(x))), likewise.
Tensor norm_relu_pool(const Child<BatchNorm2d>& norm, const Child<ReLU>& relu, const Child<MaxPool2d>& pool,
                      const Tensor& x, Site site = Site::current());

}  // namespace ebb::nn
