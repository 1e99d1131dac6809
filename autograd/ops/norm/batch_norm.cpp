#include "ebb/autograd/ops/norm/batch_norm.h"

#include "ebb/autograd/backward.h"
#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/elementwise/unary.h"
#include "ebb/autograd/ops/reduce/reduce.h"
#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/autograd/record.h"
#include "ebb/kernels/norm/batch_norm.h"

namespace ebb {

using autograd::record;
using autograd::Saved;
using autograd::wrt;

namespace {

// All of batch norm works on rows (N H W, C): a channels-last image is one without a copy.

Tensor as_rows(const Tensor& x) {
  if (x.dim() == 2) return contiguous(x);
  const Tensor image = x.dim() == 4 ? contiguous(x, MemoryFormat::channels_last) : x;
  Dims order{0};
  for (int i = 2; i < x.dim(); ++i) order.push_back(i);
  order.push_back(1);
  return contiguous(image.permute(order)).reshape({-1, x.size(1)});
}

Tensor from_rows(const Tensor& rows, const Shape& shape) {
  if (shape.size() == 2) return rows;
  Shape last = shape;
  last.erase(1);
  last.push_back(shape[1]);
  Dims order{0, shape.size() - 1};
  for (int i = 1; i + 1 < shape.size(); ++i) order.push_back(i);
  return rows.reshape(last).permute(order);
}

Tensor per_channel(const Tensor& like) {
  return empty({like.size(1)}, {.dtype = like.dtype(), .device = like.device()});
}

Tensor ones_per_channel(const Tensor& like) {
  return ones({like.size(1)}, {.dtype = like.dtype(), .device = like.device()});
}

/// The gradients of training-mode batch norm, written with differentiable ops: what differentiates the fused backward.
struct Gradients {
  Tensor dx, dweight, dbias;
};

Gradients composed_backward(const Tensor& dy, const Tensor& x, const Tensor& weight, double eps) {
  const auto n = static_cast<double>(x.size(0));
  const Tensor centered = x - mean(x, {0}, true);
  const Tensor inverse = rsqrt(mean(centered * centered, {0}, true) + eps);
  const Tensor normal = centered * inverse;
  const Tensor dbias = sum(dy, {0}), dweight = sum(dy * normal, {0});
  return {(dy - dbias / n - normal * (dweight / n)) * (inverse * weight), dweight, dbias};
}

/// Differentiates one result of the backward by differentiating the composed one in its place.
template <class Choose>
Tensor record_gradient(const Tensor& result, const Tensor& dy, const Tensor& x, const Tensor& weight, double eps,
                       Choose choose) {
  return record(result, {dy, x, weight},
                [dy = Saved(dy), x = Saved(x), weight = Saved(weight), eps, choose](const Tensor& d) {
                  const bool again = is_grad_enabled();
                  const GradMode recording(true);
                  const auto source = [again](const Tensor& t) {
                    return again && t.requires_grad() ? t * 1 : t.detach().requires_grad_();
                  };
                  const Tensor a = source(dy), b = source(x), c = source(weight);
                  const Tensor output = choose(composed_backward(a, b, c, eps));
                  return grad(std::span(&output, 1), std::array{a, b, c}, std::span(&d, 1),
                              {.create_graph = again, .allow_unused = true});
                });
}

Gradients train_backward(const Tensor& gradient, const Tensor& x, const Tensor& weight, const Tensor& mean,
                         const Tensor& inverse, double eps) {
  const OpScope op("batch_norm_backward", Site{});
  const Tensor dy = contiguous(gradient);
  const auto n = static_cast<double>(x.size(0));
  Tensor s1 = per_channel(x), s2 = per_channel(x), dx = empty_like(x);
  Tensor dweight, dbias;
  no_grad([&] {
    on_device(x.device(), [&](auto& context) { kernels::batch_norm_backward_sums(context, dy, x, mean, s1, s2); });
    dweight = s2 * inverse;
    dbias = s1;
    const Tensor scale = weight * inverse;
    const Tensor along = scale * inverse * inverse * s2 / -n, offset = scale * s1 / -n;
    on_device(x.device(), [&](auto& context) {
      kernels::batch_norm_backward_apply(context, dy, x, mean, scale, along, offset, dx);
    });
  });
  const auto recorded = [&](const Tensor& result, auto choose) {
    return record_gradient(result, dy, x, weight, eps, choose);
  };
  return {recorded(dx, [](const Gradients& g) { return g.dx; }),
          recorded(dweight, [](const Gradients& g) { return g.dweight; }),
          recorded(dbias, [](const Gradients& g) { return g.dbias; })};
}

void move_towards(const Tensor& running, const Tensor& current, double momentum) {
  if (running.defined()) running.mul_(1 - momentum).add_(current.to(running.dtype()), momentum);
}

Tensor train(const Tensor& x, const Tensor& running_mean, const Tensor& running_var, const Tensor& weight,
             const Tensor& bias, const BatchNormOptions& o) {
  const auto n = static_cast<double>(x.size(0));
  Tensor mean = per_channel(x), m2 = per_channel(x), inverse, y = empty_like(x);
  no_grad([&] {
    on_device(x.device(), [&](auto& context) { kernels::batch_norm_stats(context, x, mean, m2); });
    move_towards(running_mean, mean, o.momentum);
    move_towards(running_var, m2 / (n - 1), o.momentum);
    inverse = rsqrt(m2 / n + o.eps);
    const Tensor scale = weight * inverse;
    on_device(x.device(), [&](auto& context) { kernels::batch_norm_apply(context, x, mean, scale, bias, y); });
  });
  return record(y, {x, weight, bias},
                [x = Saved(x), weight = Saved(weight), mean = Saved(mean), inverse = Saved(inverse),
                 eps = o.eps](const Tensor& dy) {
                  const auto [dx, dweight, dbias] = train_backward(dy, x, weight, mean, inverse, eps);
                  return std::array{dx, dweight, dbias};
                });
}

Tensor evaluate(const Tensor& x, const Tensor& mean, const Tensor& var, const Tensor& weight, const Tensor& bias,
                double eps) {
  const Tensor scale = weight * no_grad([&] { return rsqrt(var + eps).to(x.dtype()); });
  Tensor y = empty_like(x);
  on_device(x.device(), [&](auto& context) { kernels::batch_norm_apply(context, x, mean, scale.detach(), bias, y); });
  return record(y, wrt(x, [scale = Saved(scale)](const Tensor& dy) { return dy * scale; }),
                wrt(scale, [x = Saved(x), mean = Saved(mean)](const Tensor& dy) { return sum(dy * (x - mean), {0}); }),
                wrt(bias, [](const Tensor& dy) { return sum(dy, {0}); }));
}

void check_arguments(const Tensor& x, std::initializer_list<std::pair<const char*, Tensor>> others) {
  check(x.dim() >= 2, "the input must be (N, C, ...), got shape ", x.shape());
  check(is_floating(x.dtype()), "needs a floating input, got ", x.dtype());
  for (const auto& [name, t] : others) {
    check(!t.defined() || (t.dim() == 1 && t.size(0) == x.size(1)), name, " must be (", x.size(1),
          "), one a channel of an input of shape ", x.shape(), "; got ", t.defined() ? t.shape() : Shape());
  }
}

/// Of nothing, whatever the statistics would be: they stay, and weight and bias get gradients of 0.
Tensor normalize_nothing(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  const Tensor y = weight.defined() ? x * sum(weight) : x.clone();
  return bias.defined() ? y + sum(bias) : y;
}

}  // namespace

Tensor batch_norm(const Tensor& x, const Tensor& running_mean, const Tensor& running_var, const Tensor& weight,
                  const Tensor& bias, const BatchNormOptions& options, Site site) {
  const OpScope op("batch_norm", site);
  if (x.numel() == 0 && x.dim() == 1) return normalize_nothing(x, weight, bias);
  check_arguments(x,
                  {{"running_mean", running_mean}, {"running_var", running_var}, {"weight", weight}, {"bias", bias}});
  if (x.numel() == 0) return normalize_nothing(x, weight, bias);
  const Tensor rows = as_rows(x);
  const Tensor w = weight.defined() ? weight : ones_per_channel(rows);
  const Tensor b = bias.defined() ? contiguous(bias) : zeros_like(w);
  if (options.training) {
    check(rows.size(0) > 1, "more than one value per channel is needed in training, got an input of shape ", x.shape(),
          "; use a larger batch, or eval()");
    return from_rows(train(rows, running_mean, running_var, w, b, options), x.shape());
  }
  check(running_mean.defined() && running_var.defined(), "running_mean and running_var are needed outside of training");
  return from_rows(evaluate(rows, contiguous(running_mean.to(x.dtype())), running_var, w, b, options.eps), x.shape());
}

}  // namespace ebb
