#include "ebb/autograd/ops/norm/sync_batch_norm.h"

#include <array>

#include "ebb/autograd/ops/comm/all_reduce.h"
#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/detail/channels.h"
#include "ebb/autograd/ops/detail/compute.h"
#include "ebb/autograd/ops/detail/norm.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/elementwise/unary.h"
#include "ebb/autograd/ops/reduce/reduce.h"
#include "ebb/autograd/ops/shape/join.h"
#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/autograd/record.h"
#include "ebb/kernels/norm/batch_norm.h"

namespace ebb {

using autograd::record;
using autograd::Saved;
using ops::along_channels;
using ops::count_per_channel;
using ops::empty_per_channel;
using ops::other_dims;
using ops::rows_of;

namespace {

using Group = std::shared_ptr<comm::Communicator>;
using Gradients = std::array<Tensor, 3>;  // of x, weight and bias

/// Of the whole batch. Nothing is brought to the host, so that a GPU need not be waited for.
struct Statistics {
  Tensor count;     // a scalar, float64
  Tensor mean, m2;  // (C), float64
};

/// Of no values: zeros.
Statistics own_statistics(const Tensor& image) {
  Tensor mean = empty_per_channel(image), m2 = empty_per_channel(image);
  if (image.numel() == 0) {
    mean.zero_();
    m2.zero_();
  } else {
    const Tensor rows = rows_of(image);
    on_device(image.device(), [&](auto& context) { kernels::batch_norm_stats(context, rows, mean, m2); });
  }
  const Tensor count = full({}, count_per_channel(image), {.dtype = kFloat64, .device = image.device()});
  return {count, mean.to(kFloat64), m2.to(kFloat64)};
}

/// n = sum of n_r, mean = sum of n_r mean_r / n, m2 = sum of m2_r + n_r (mean_r - mean)^2
Statistics merged(const Statistics& own, const Group& group) {
  const std::int64_t channels = own.mean.numel();
  const std::vector<Tensor> all = group->all_gather(cat({own.count.reshape({1}), own.mean, own.m2}, 0));
  const Tensor rows = stack(all, 0);  // (ranks, 1 + 2 C)
  const Tensor counts = rows.narrow(1, 0, 1), means = rows.narrow(1, 1, channels);
  const Tensor count = counts.sum();
  const Tensor mean = sum(counts * means, {0}) / count;
  const Tensor apart = means - mean;
  return {count, mean, sum(rows.narrow(1, 1 + channels, channels) + counts * apart * apart, {0})};
}

/// Only on the CPU: to look at the count of a GPU would be to wait for it.
void check_count(const Tensor& x, const Tensor& count) {
  if (!x.device().is_cpu()) return;
  check(count.item<double>() > 1,
        "more than one value per channel, over all ranks, is needed in training, got an input ", "of shape ", x.shape(),
        " here; use a larger batch, or eval()");
}

struct Saving {
  Saved x, weight, mean, inverse, count;
  Group group;
  double eps;
};

/// The gradients, written with differentiable ops.
Gradients composed_backward(const Tensor& gradient, const Saving& s) {
  const Tensor dy = ops::opmath(gradient), x = ops::opmath(s.x.get());
  const Tensor& weight = s.weight.get();
  const Dims dims = other_dims(x);
  const Tensor count = s.count.get().to(x.dtype());
  const auto total = [&](const Tensor& t) { return all_reduce(sum(t, dims, true), s.group); };
  const Tensor centered = x - total(x) / count;
  const Tensor inverse = rsqrt(total(centered * centered) / count + s.eps);
  const Tensor normal = centered * inverse;
  const Tensor dbias = sum(dy, dims, true), dweight = sum(dy * normal, dims, true);
  const Tensor along = all_reduce(dweight, s.group) / count, offset = all_reduce(dbias, s.group) / count;
  const Tensor dx = (dy - offset - normal * along) * (inverse * along_channels(weight, x));
  return {dx.to(gradient.dtype()), dweight.reshape(weight.shape()), dbias.reshape(weight.shape())};
}

Gradients fused_backward(const Tensor& gradient, const Saving& s) {
  const Tensor &x = s.x.get(), &mean = s.mean.get(), &inverse = s.inverse.get();
  const bool is_empty = x.numel() == 0;
  Tensor dx = empty_like(x), sums = zeros({2, x.size(1)}, {.dtype = mean.dtype(), .device = x.device()});
  Tensor sum_dy = sums.select(0, 0), sum_dy_x = sums.select(0, 1);
  const Tensor dy = is_empty ? Tensor() : rows_of(ops::as_image(gradient)), rows = is_empty ? Tensor() : rows_of(x);
  if (!is_empty) {
    on_device(x.device(),
              [&](auto& context) { kernels::batch_norm_backward_sums(context, dy, rows, mean, sum_dy, sum_dy_x); });
  }
  const Tensor dbias = sum_dy.clone(), dweight = sum_dy_x * inverse;
  s.group->all_reduce(sums);
  if (!is_empty) {
    const Tensor scale = s.weight.get() * inverse, share = -scale / s.count.get().to(mean.dtype());
    const Tensor along = share * inverse * inverse * sum_dy_x, offset = share * sum_dy;
    Tensor dx_rows = rows_of(dx);
    on_device(x.device(), [&](auto& context) {
      kernels::batch_norm_backward_apply(context, dy, rows, mean, scale, along, offset, dx_rows);
    });
  }
  return {dx, dweight, dbias};
}

Tensor normalized(const Tensor& x, const Tensor& running_mean, const Tensor& running_var, const Tensor& weight,
                  const Tensor& bias, const Group& group, const BatchNormOptions& o) {
  Tensor y = empty_like(x), mean, inverse, count;
  no_grad([&] {
    const Statistics whole = merged(own_statistics(x), group);
    check_count(x, whole.count);
    if (running_mean.defined()) ops::move_towards(running_mean, whole.mean, o.momentum);
    if (running_var.defined()) ops::move_towards(running_var, whole.m2 / (whole.count - 1), o.momentum);
    count = whole.count;
    mean = whole.mean.to(weight.dtype());
    inverse = rsqrt(whole.m2 / whole.count + o.eps).to(weight.dtype());
    if (x.numel() == 0) return;
    const Tensor scale = weight * inverse, rows = rows_of(x);
    Tensor y_rows = rows_of(y);
    on_device(x.device(), [&](auto& context) { kernels::batch_norm_apply(context, rows, mean, scale, bias, y_rows); });
  });
  return record(y, {x, weight, bias},
                [s = Saving{Saved(x), Saved(weight), Saved(mean), Saved(inverse), Saved(count), group, o.eps}](
                    const Tensor& dy) { return is_grad_enabled() ? composed_backward(dy, s) : fused_backward(dy, s); });
}

}  // namespace

Tensor sync_batch_norm(const Tensor& x, const Tensor& running_mean, const Tensor& running_var, const Tensor& weight,
                       const Tensor& bias, const std::shared_ptr<comm::Communicator>& group,
                       const BatchNormOptions& options, Site site) {
  const OpScope op("sync_batch_norm", site);
  check(group != nullptr, "needs a group of ranks, got none; comm::alone() is a group of one");
  ops::check_channels(x, {running_mean, running_var, weight, bias});
  check(x.size(1) > 0, "the input must have channels, got shape ", x.shape());
  const TensorOptions like{.dtype = opmath_type(x.dtype()), .device = x.device()};
  const Tensor w = weight.defined() ? ops::opmath(weight) : full({x.size(1)}, 1, like);
  const Tensor b = bias.defined() ? contiguous(ops::opmath(bias)) : zeros_like(w);
  const Tensor y = normalized(ops::as_image(x), running_mean, running_var, w, b, group, options);
  return ops::with_shape(y, x.shape());
}

}  // namespace ebb
