#include "ebb/autograd/ops/norm/group_norm.h"

#include "ebb/autograd/autocast/autocasting.h"
#include "ebb/autograd/ops/detail/checks.h"
#include "ebb/autograd/ops/detail/norm.h"
#include "ebb/autograd/ops/norm/batch_norm.h"
#include "ebb/autograd/ops/reduce/moments.h"
#include "ebb/autograd/ops/reduce/reduce.h"
#include "ebb/autograd/ops/shape/shape.h"

namespace ebb {

using autograd::Autocasting;
using autograd::Precision;

/// One for each channel of x of `dims` dimensions.
static Tensor along_channels(const Tensor& t, int dims) {
  if (!t.defined()) return t;
  Shape shape = Dims::filled(dims - 1, 1);
  shape[0] = t.numel();
  return t.reshape(shape);
}

/// x (N, C, ...) as rows of n elements, normalised, and with a weight and a bias for each channel.
static Tensor normalized(const Tensor& x, std::int64_t rows, double eps, const Tensor& weight, const Tensor& bias) {
  const Tensor flat = x.reshape({rows, rows == 0 ? 0 : x.numel() / rows});
  if (ops::can_fuse(x, {weight, bias})) {
    const std::int64_t inner = x.numel() / (x.size(0) * x.size(1));
    return ops::normalized_rows(flat, eps, weight, bias, inner).reshape(x.shape());
  }
  const Tensor y = ops::normalized_rows(flat, eps).reshape(x.shape());
  return ops::affine(y, along_channels(weight, x.dim()), along_channels(bias, x.dim()));
}

static void move_statistics(const Tensor& x, const InstanceNormOptions& o) {
  if (!o.running_mean.defined()) return;
  const Tensor lines = x.detach().reshape({x.size(0), x.size(1), -1});
  ops::move_towards(o.running_mean, mean(mean(lines, {2}), {0}), o.momentum);
  ops::move_towards(o.running_var, mean(var(lines, {2}), {0}), o.momentum);
}

Tensor group_norm(const Tensor& x, std::int64_t num_groups, const GroupNormOptions& o, Site site) {
  if (const Autocasting as(Precision::full_on_gpu, x); as) {
    GroupNormOptions wide = o;
    wide.weight = as(o.weight);
    wide.bias = as(o.bias);
    return group_norm(as(x), num_groups, wide, site);
  }
  const OpScope op("group_norm", site);
  ops::check_floating(x);
  check(x.dim() >= 2, "the input must be (N, C, ...), got shape ", x.shape());
  check(num_groups > 0 && x.size(1) > 0 && x.size(1) % num_groups == 0, "the ", x.size(1),
        " channels of an input of shape ", x.shape(), " cannot be divided into ", num_groups, " groups");
  for (int i = 2; i < x.dim(); ++i) check(x.size(i) > 0, "only the batch may be empty, got shape ", x.shape());
  ops::check_shape("weight", o.weight, {x.size(1)});
  ops::check_shape("bias", o.bias, {x.size(1)});
  check(x.numel() != num_groups, "more than one value per group is needed, got an input of shape ", x.shape(), " for ",
        num_groups, " groups");
  return normalized(x, x.size(0) * num_groups, o.eps, o.weight, o.bias);
}

Tensor instance_norm(const Tensor& x, const InstanceNormOptions& o, Site site) {
  const OpScope op("instance_norm", site);
  ops::check_floating(x);
  check(x.dim() >= 3, "the input must be (N, C, ...) with one more dimension at least, got shape ", x.shape());
  check(o.running_mean.defined() == o.running_var.defined(), "running_mean and running_var are needed both or not");
  for (const auto& [name, t] : {std::pair("running_mean", o.running_mean),
                                {"running_var", o.running_var},
                                {"weight", o.weight},
                                {"bias", o.bias}}) {
    ops::check_shape(name, t, {x.size(1)});
  }
  if (!o.use_input_stats) {
    return batch_norm(x, o.running_mean, o.running_var, o.weight, o.bias, {.training = false, .eps = o.eps});
  }
  const std::int64_t rows = x.size(0) * x.size(1);
  check(rows == 0 || x.numel() / rows > 1, "more than one element per channel is needed, got an input of shape ",
        x.shape());
  move_statistics(x, o);
  return normalized(x, rows, o.eps, o.weight, o.bias);
}

}  // namespace ebb
