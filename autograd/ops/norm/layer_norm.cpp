#include "ebb/autograd/ops/norm/layer_norm.h"

#include <limits>

#include "ebb/autograd/backward.h"
#include "ebb/autograd/ops/detail/checks.h"
#include "ebb/autograd/ops/detail/resample.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/elementwise/unary.h"
#include "ebb/autograd/ops/norm/batch_norm.h"
#include "ebb/autograd/ops/reduce/reduce.h"
#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/autograd/record.h"
#include "ebb/kernels/norm/row_norm.h"

namespace ebb {

using autograd::record;
using autograd::Saved;
using autograd::wrt;

namespace {

/// The gradient of the normalised rows of x, written with differentiable ops.
Tensor composed_backward(const Tensor& dy, const Tensor& x, double eps) {
  const Tensor centered = x - mean(x, {1}, true);
  const Tensor rstd = rsqrt(mean(centered * centered, {1}, true) + eps);
  const Tensor y = centered * rstd;
  return (dy - mean(dy, {1}, true) - y * mean(dy * y, {1}, true)) * rstd;
}

Tensor backward_of_rows(const Tensor& gradient, const Tensor& x, const Tensor& y, const Tensor& rstd, double eps) {
  if (is_grad_enabled()) return composed_backward(gradient, x, eps);
  const Tensor dy = contiguous(gradient);
  Tensor dx = empty_like(dy);
  on_device(dy.device(), [&](auto& context) { kernels::row_norm_backward(context, dy, y, rstd, dx); });
  return dx;
}

/// Each row of x (rows, n) with mean 0 and variance 1.
Tensor normalized_rows(const Tensor& given, double eps) {
  const Tensor x = contiguous(given);
  Tensor y = empty_like(x), rstd = empty({x.size(0)}, {.dtype = x.dtype(), .device = x.device()});
  on_device(x.device(), [&](auto& context) { kernels::row_norm(context, x, eps, y, rstd); });
  return record(y, wrt(x, [x = Saved(x), rstd = Saved(rstd), eps](const Tensor& dy, const Tensor& rows) {
                  return backward_of_rows(dy, x, rows, rstd, eps);
                }));
}

Tensor affine(Tensor y, const Tensor& weight, const Tensor& bias) {
  if (weight.defined()) y = y * weight;
  return bias.defined() ? y + bias : y;
}

/// How many elements the last dimensions have, which must be `shape`.
std::int64_t check_last(const Tensor& x, const Shape& shape) {
  const int first = x.dim() - shape.size();
  check(!shape.empty(), "normalized_shape must name one dimension at least");
  bool ends_so = first >= 0;
  for (int i = 0; ends_so && i < shape.size(); ++i) ends_so = x.size(first + i) == shape[i];
  check(ends_so, "the input must end with the dimensions ", shape, ", got shape ", x.shape());
  return numel(shape);
}

void check_shape(const char* name, const Tensor& t, const Shape& shape) {
  check(!t.defined() || t.shape() == shape, name, " must have shape ", shape, ", got ",
        t.defined() ? t.shape() : Shape());
}

/// One a channel, for x of `dims` dimensions.
Tensor along_channels(const Tensor& t, int dims) {
  if (!t.defined()) return t;
  Shape shape = Dims::filled(dims - 1, 1);
  shape[0] = t.numel();
  return t.reshape(shape);
}

void move_towards(const Tensor& running, const Tensor& current, double momentum) {
  no_grad([&] { running.mul_(1 - momentum).add_(current.to(running.dtype()), momentum); });
}

void move_statistics(const Tensor& x, const InstanceNormOptions& o) {
  if (!o.running_mean.defined()) return;
  const Tensor lines = x.detach().reshape({x.size(0), x.size(1), -1});
  move_towards(o.running_mean, mean(mean(lines, {2}), {0}), o.momentum);
  move_towards(o.running_var, mean(var(lines, {2}), {0}), o.momentum);
}

}  // namespace

Tensor layer_norm(const Tensor& x, const Shape& normalized_shape, const LayerNormOptions& o, Site site) {
  const OpScope op("layer_norm", site);
  ops::check_floating(x);
  const std::int64_t n = check_last(x, normalized_shape);
  check_shape("weight", o.weight, normalized_shape);
  check_shape("bias", o.bias, normalized_shape);
  const Tensor rows = x.reshape({n == 0 ? 0 : x.numel() / n, n});
  return affine(normalized_rows(rows, o.eps).reshape(x.shape()), o.weight, o.bias);
}

Tensor rms_norm(const Tensor& x, const Shape& normalized_shape, const RmsNormOptions& o, Site site) {
  const OpScope op("rms_norm", site);
  ops::check_floating(x);
  check_last(x, normalized_shape);
  check_shape("weight", o.weight, normalized_shape);
  Dims last;
  for (int i = 0; i < normalized_shape.size(); ++i) last.push_back(-1 - i);
  const double precision =
      x.dtype() == kFloat64 ? std::numeric_limits<double>::epsilon() : std::numeric_limits<float>::epsilon();
  return affine(x * rsqrt(mean(x * x, last, true) + o.eps.value_or(precision)), o.weight, {});
}

Tensor group_norm(const Tensor& x, std::int64_t num_groups, const GroupNormOptions& o, Site site) {
  const OpScope op("group_norm", site);
  ops::check_floating(x);
  check(x.dim() >= 2, "the input must be (N, C, ...), got shape ", x.shape());
  check(num_groups > 0 && x.size(1) > 0 && x.size(1) % num_groups == 0, "the ", x.size(1),
        " channels of an input of shape ", x.shape(), " cannot be divided into ", num_groups, " groups");
  for (int i = 2; i < x.dim(); ++i) check(x.size(i) > 0, "only the batch may be empty, got shape ", x.shape());
  check_shape("weight", o.weight, {x.size(1)});
  check_shape("bias", o.bias, {x.size(1)});
  const std::int64_t rows = x.size(0) * num_groups;
  const Tensor y = normalized_rows(x.reshape({rows, rows == 0 ? 0 : x.numel() / rows}), o.eps).reshape(x.shape());
  return affine(y, along_channels(o.weight, x.dim()), along_channels(o.bias, x.dim()));
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
    check_shape(name, t, {x.size(1)});
  }
  if (!o.use_input_stats) {
    return batch_norm(x, o.running_mean, o.running_var, o.weight, o.bias, {.training = false, .eps = o.eps});
  }
  const std::int64_t rows = x.size(0) * x.size(1);
  check(rows == 0 || x.numel() / rows > 1, "more than one element per channel is needed, got an input of shape ",
        x.shape());
  move_statistics(x, o);
  const Tensor y = normalized_rows(x.reshape({rows, rows == 0 ? 0 : x.numel() / rows}), o.eps).reshape(x.shape());
  return affine(y, along_channels(o.weight, x.dim()), along_channels(o.bias, x.dim()));
}

Tensor local_response_norm(const Tensor& x, const LocalResponseNormOptions& o, Site site) {
  const OpScope op("local_response_norm", site);
  ops::check_floating(x);
  check(x.dim() >= 3, "the input must be (N, C, ...) with one more dimension at least, got shape ", x.shape());
  check(o.size > 0, "size must be positive, got ", o.size);
  const std::int64_t channels = x.size(1);
  ops::SparseMatrix neighbours(channels);
  for (std::int64_t c = 0; c < channels; ++c) {
    const std::int64_t first = c - o.size / 2;
    for (std::int64_t k = std::max<std::int64_t>(first, 0); k < std::min(first + o.size, channels); ++k) {
      neighbours.add(k, 1 / static_cast<double>(o.size));
    }
    neighbours.end_row();
  }
  return x / pow(ops::resample(x * x, 1, neighbours) * o.alpha + o.k, o.beta);
}

}  // namespace ebb
