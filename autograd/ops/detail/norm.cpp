#include "ebb/autograd/ops/detail/norm.h"

#include <algorithm>
#include <vector>

#include "ebb/autograd/ops/detail/compute.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/elementwise/unary.h"
#include "ebb/autograd/ops/reduce/reduce.h"
#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/autograd/record.h"
#include "ebb/kernels/row_norm/row_norm.h"

namespace ebb::ops {

using autograd::record;
using autograd::Saved;

namespace {

/// Weights as the rows of x (rows, n) meet them; see kernels::RowAffine.
Tensor along_rows(const Tensor& weight, const Tensor& x, std::int64_t inner) {
  const std::int64_t of_row = x.size(1) / inner, groups = weight.numel() / of_row;
  return weight.reshape({1, groups, of_row, 1}).expand({x.size(0) / groups, groups, of_row, inner}).reshape(x.shape());
}

/// What the gradients need of the inputs.
struct RowNorm {
  Saved x, weight, mean, rstd;
  Shape affine_shape;
  DType affine_dtype;
  std::int64_t inner;
  double eps;
  bool wants_x, wants_affine;
};

/// As kernels take a weight.
Tensor plain(const Tensor& weight) {
  return weight.defined() ? no_grad([&] { return contiguous(weight); }) : weight;
}

struct Gradients {
  Tensor x, weight, bias;
};

/// Written with differentiable ops.
Gradients composed_backward(const Tensor& gradient, const RowNorm& norm) {
  const Tensor dy = opmath(gradient), x = opmath(norm.x);
  const Tensor centered = x - mean(x, {1}, true);
  const Tensor rstd = rsqrt(mean(centered * centered, {1}, true) + norm.eps), z = centered * rstd;
  const Tensor g = norm.weight->defined() ? dy * along_rows(norm.weight, x, norm.inner) : dy;
  const Tensor dx = (g - mean(g, {1}, true) - z * mean(g * z, {1}, true)) * rstd;
  Gradients made{dx.to(gradient.dtype()), {}, {}};
  if (!norm.wants_affine) return made;
  const auto summed = [&](const Tensor& t) {
    const Tensor all = sum(t.reshape({-1, numel(norm.affine_shape), norm.inner}), {0, 2});
    return all.reshape(norm.affine_shape).to(norm.affine_dtype);
  };
  made.weight = summed(dy * z);
  made.bias = summed(dy);
  return made;
}

Gradients fused_backward(const Tensor& gradient, const RowNorm& norm) {
  const Tensor dy = contiguous(gradient), weight = plain(norm.weight);
  const Tensor &x = norm.x, &mean = norm.mean, &rstd = norm.rstd;
  const kernels::RowNormInputs in{dy, x, mean, rstd};
  Gradients made;
  if (norm.wants_x) made.x = empty(x.shape(), {.dtype = x.dtype(), .device = x.device()});
  if (norm.wants_affine) {
    const TensorOptions like{.dtype = norm.affine_dtype, .device = x.device()};
    made.weight = empty(norm.affine_shape, like);
    made.bias = empty(norm.affine_shape, like);
  }
  on_device(x.device(), [&](auto& context) {
    if (norm.wants_x) kernels::row_norm_backward(context, in, {weight, {}, norm.inner}, made.x);
    if (norm.wants_affine) {
      kernels::row_norm_backward_affine(context, in, norm.inner, made.weight, made.bias);
    }
  });
  return made;
}

}  // namespace

Tensor normalized_rows(const Tensor& given, double eps, const Tensor& weight, const Tensor& bias, std::int64_t inner) {
  const Tensor x = contiguous(given);
  const TensorOptions statistics{.dtype = opmath_type(x.dtype()), .device = x.device()};
  Tensor y = empty_like(x), mean = empty({x.size(0)}, statistics), rstd = empty({x.size(0)}, statistics);
  const kernels::RowAffine affine{plain(weight), plain(bias), inner};
  on_device(x.device(), [&](auto& context) { kernels::row_norm(context, x, affine, eps, y, mean, rstd); });
  std::vector<Tensor> inputs{x};
  const auto wants = [](const Tensor& t) { return t.defined() && autograd::wants_grad(t); };
  for (const Tensor& t : {weight, bias}) {
    if (t.defined()) inputs.push_back(t);
  }
  const Tensor& like = weight.defined() ? weight : bias.defined() ? bias : x;
  RowNorm norm{Saved(x),     Saved(weight), Saved(mean), Saved(rstd), like.shape(),
               like.dtype(), inner,         eps,         wants(x),    wants(weight) || wants(bias)};
  return record(y, inputs,
                [norm = std::move(norm), has_weight = weight.defined(), has_bias = bias.defined()](const Tensor& dy) {
                  const Gradients made = is_grad_enabled() ? composed_backward(dy, norm) : fused_backward(dy, norm);
                  std::vector<Tensor> gradients{made.x};
                  if (has_weight) gradients.push_back(made.weight);
                  if (has_bias) gradients.push_back(made.bias);
                  return gradients;
                });
}

bool can_fuse(const Tensor& x, std::initializer_list<Tensor> affine) {
  DType dtype = x.dtype();  // of all weights
  for (const Tensor& t : affine) {
    if (t.defined()) dtype = t.dtype();
  }
  return x.numel() > 0 && (dtype == x.dtype() || dtype == opmath_type(x.dtype())) &&
         std::ranges::all_of(
             affine, [&](const Tensor& t) { return !t.defined() || (t.dtype() == dtype && t.device() == x.device()); });
}

Tensor affine(Tensor y, const Tensor& weight, const Tensor& bias) {
  if (weight.defined()) y = y * weight;
  return bias.defined() ? y + bias : y;
}

void check_shape(const char* name, const Tensor& t, const Shape& shape) {
  check(!t.defined() || t.shape() == shape, name, " must have shape ", shape, ", got ",
        t.defined() ? t.shape() : Shape());
}

void move_towards(const Tensor& running, const Tensor& current, double momentum, double factor) {
  no_grad([&] { running.mul_(1 - momentum).add_(current.to(running.dtype()), momentum * factor); });
}

}  // namespace ebb::ops
