#include "ebb/autograd/ops/linalg/linalg.h"

#include <array>

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/detail/autocasting.h"
#include "ebb/autograd/ops/detail/checks.h"
#include "ebb/autograd/ops/detail/compute.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/elementwise/compare.h"
#include "ebb/autograd/ops/reduce/reduce.h"
#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/autograd/record.h"
#include "ebb/kernels/matmul/bmm.h"

namespace ebb {

using ops::Autocasting;
using ops::Precision;

using autograd::record;
using autograd::Saved;
using autograd::wrt;

namespace {

void check_alike(const Tensor& a, const Tensor& b) {
  check(a.dtype() == b.dtype(), "both operands must be of one dtype, got ", a.dtype(), " and ", b.dtype());
  ops::check_one_device(a, b);
}

void check_inner(const Tensor& a, const Tensor& b, std::int64_t left, std::int64_t right) {
  check(left == right, "shapes ", a.shape(), " and ", b.shape(), " cannot be multiplied: inner sizes ", left, " and ",
        right, " differ");
}

/// Dimensions before the matrix ones.
Shape batch_shape(const Tensor& x) {
  return Shape(std::span(x.shape().begin(), static_cast<std::size_t>(x.dim() - 2)));
}

Tensor with_batch(const Tensor& x, const Shape& batch) {
  Shape shape = batch;
  shape.push_back(x.size(-2));
  shape.push_back(x.size(-1));
  return x.shape() == shape ? x : x.expand(shape);
}

/// Of x (..., columns); numel() does not tell where there are no columns.
std::int64_t count_rows(const Tensor& x) {
  std::int64_t rows = 1;
  for (int i = 0; i + 1 < x.dim(); ++i) rows *= x.size(i);
  return rows;
}

/// epilogue(a b) of two matrices
Tensor product(const Tensor& a, const Tensor& b, const Tensor& bias = {}) {
  const auto multiply = [](auto& context, std::span<const Tensor> of, Tensor& y) {
    const auto as_batch = [](const Tensor& x) {
      return x.alias({1, x.size(0), x.size(1)}, {0, x.stride(0), x.stride(1)}, x.storage_offset());
    };
    Tensor y_batch = as_batch(y);
    kernels::bmm(context, as_batch(of[0]), as_batch(of[1]), {.shift = of.size() > 2 ? of[2] : Tensor()}, y_batch);
  };
  const std::array inputs{a, b, bias};
  return ops::made(std::span(inputs).first(bias.defined() ? 3 : 2), {a.size(0), b.size(1)}, MemoryFormat::contiguous,
                   multiply);
}

/// x (rows, in) times the transpose of weight (out, in), plus bias (out).
Tensor affine(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  const Tensor y = product(x, weight.t(), contiguous(bias));
  return record(y, wrt(x, [weight = Saved(weight)](const Tensor& dy) { return mm(dy, weight); }),
                wrt(weight, [x = Saved(x)](const Tensor& dy) { return mm(dy.t(), x); }),
                wrt(bias, [](const Tensor& dy) { return sum(dy, {0}); }));
}

}  // namespace

Tensor bmm(const Tensor& a, const Tensor& b, Site site) {
  if (const Autocasting as(Precision::lower, a); as) return bmm(as(a), as(b), site);
  const OpScope op("bmm", site);
  check(a.dim() == 3 && b.dim() == 3, "needs batches of matrices (batch, rows, columns), got shapes ", a.shape(),
        " and ", b.shape());
  check_alike(a, b);
  check(a.size(0) == b.size(0), "batches differ: shapes ", a.shape(), " and ", b.shape());
  check_inner(a, b, a.size(2), b.size(1));
  Tensor y = empty({a.size(0), a.size(1), b.size(2)}, {.dtype = a.dtype(), .device = a.device()});
  on_device(a.device(), [&](auto& context) { kernels::bmm(context, a, b, {}, y); });
  return record(y, wrt(a, [b = Saved(b)](const Tensor& dy) { return bmm(dy, b->transpose(1, 2)); }),
                wrt(b, [a = Saved(a)](const Tensor& dy) { return bmm(a->transpose(1, 2), dy); }));
}

Tensor mm(const Tensor& a, const Tensor& b, Site site) {
  if (const Autocasting as(Precision::lower, a); as) return mm(as(a), as(b), site);
  const OpScope op("mm", site);
  check(a.dim() == 2 && b.dim() == 2, "needs two matrices, got shapes ", a.shape(), " and ", b.shape());
  check_alike(a, b);
  check_inner(a, b, a.size(1), b.size(0));
  const Tensor y = product(a, b);
  return record(y, wrt(a, [b = Saved(b)](const Tensor& dy) { return mm(dy, b->t()); }),
                wrt(b, [a = Saved(a)](const Tensor& dy) { return mm(a->t(), dy); }));
}

Tensor mv(const Tensor& a, const Tensor& x, Site site) {
  if (const Autocasting as(Precision::lower_on_gpu, a); as) return mv(as(a), as(x), site);
  const OpScope op("mv", site);
  check(a.dim() == 2 && x.dim() == 1, "needs a matrix and a vector, got shapes ", a.shape(), " and ", x.shape());
  check_inner(a, x, a.size(1), x.size(0));
  return mm(a, x.unsqueeze(1)).squeeze(1);
}

Tensor dot(const Tensor& a, const Tensor& b, Site site) {
  if (const Autocasting as(Precision::given, a); as) return dot(a, b, site);
  const OpScope op("dot", site);
  check(a.dim() == 1 && b.dim() == 1, "needs two vectors, got shapes ", a.shape(), " and ", b.shape());
  check_alike(a, b);
  check_inner(a, b, a.size(0), b.size(0));
  return sum(ops::opmath(a) * ops::opmath(b)).to(a.dtype());
}

Tensor matmul(const Tensor& a, const Tensor& b, Site site) {
  if (const Autocasting as(Precision::lower, a); as) return matmul(as(a), as(b), site);
  const OpScope op("matmul", site);
  check(a.dim() > 0 && b.dim() > 0, "needs vectors or matrices, got shapes ", a.shape(), " and ", b.shape());
  if (a.dim() == 1 && b.dim() == 1) return dot(a, b);
  if (a.dim() == 1) return matmul(a.unsqueeze(0), b).squeeze(-2);
  if (b.dim() == 1) return matmul(a, b.unsqueeze(1)).squeeze(-1);
  check_inner(a, b, a.size(-1), b.size(-2));
  if (a.dim() == 2 && b.dim() == 2) return mm(a, b);
  if (b.dim() == 2) {  // one matrix for all rows
    Shape shape = batch_shape(a);
    shape.push_back(a.size(-2));
    shape.push_back(b.size(1));
    return mm(a.reshape({numel(batch_shape(a)) * a.size(-2), a.size(-1)}), b).reshape(shape);
  }
  const Shape batch = broadcast_shapes(batch_shape(a), batch_shape(b));
  const bool repeats = batch_shape(a) != batch || batch_shape(b) != batch;
  if (repeats && is_half_precision(a.dtype()) && a.dtype() == b.dtype() && a.device().is_cpu()) {
    return matmul(ops::opmath(a), ops::opmath(b)).to(a.dtype());  // so that sums of gradients are rounded once
  }
  const auto flat = [&](const Tensor& x) {
    return with_batch(x, batch).reshape({numel(batch), x.size(-2), x.size(-1)});
  };
  Shape shape = batch;
  shape.push_back(a.size(-2));
  shape.push_back(b.size(-1));
  return bmm(flat(a), flat(b)).reshape(shape);
}

/// beta x + alpha product
static Tensor blend(const Tensor& x, const Tensor& product, Scalar beta, Scalar alpha) {
  check_alike(x, product);
  check(broadcast_shapes(x.shape(), product.shape()) == product.shape(), "a tensor of shape ", x.shape(),
        " does not broadcast to the product's shape ", product.shape());
  const auto scaled = [](const Tensor& t, Scalar s) { return s.to<double>() == 1.0 ? t : t * s; };
  if (beta.to<double>() == 0.0) {  // NaN and infinity in x do not count
    const Tensor nowhere = zeros(x.shape(), {.dtype = kBool, .device = x.device()});
    return add(scaled(product, alpha), where(nowhere, x, zeros_like(x)));
  }
  return add(scaled(product, alpha), scaled(x, beta));
}

/// f(x, a, b), rounded once where its products are in float32 anyway: on the CPU.
template <class F>
Tensor blend_once(const Tensor& x, const Tensor& a, const Tensor& b, F&& f) {
  return x.device().is_cpu() ? ops::rounded_once(f, x, a, b) : f(x, a, b);
}

Tensor addmm(const Tensor& x, const Tensor& a, const Tensor& b, Scalar beta, Scalar alpha, Site site) {
  if (const Autocasting as(Precision::lower, a); as) return addmm(as(x), as(a), as(b), beta, alpha, site);
  const OpScope op("addmm", site);
  return blend_once(x, a, b,
                    [&](const Tensor& t, const Tensor& u, const Tensor& v) { return blend(t, mm(u, v), beta, alpha); });
}

Tensor addmv(const Tensor& x, const Tensor& a, const Tensor& b, Scalar beta, Scalar alpha, Site site) {
  if (const Autocasting as(Precision::lower_on_gpu, a); as) return addmv(as(x), as(a), as(b), beta, alpha, site);
  const OpScope op("addmv", site);
  return blend_once(x, a, b,
                    [&](const Tensor& t, const Tensor& u, const Tensor& v) { return blend(t, mv(u, v), beta, alpha); });
}

Tensor baddbmm(const Tensor& x, const Tensor& a, const Tensor& b, Scalar beta, Scalar alpha, Site site) {
  if (const Autocasting as(Precision::lower, a); as) return baddbmm(as(x), as(a), as(b), beta, alpha, site);
  const OpScope op("baddbmm", site);
  return blend_once(
      x, a, b, [&](const Tensor& t, const Tensor& u, const Tensor& v) { return blend(t, bmm(u, v), beta, alpha); });
}

Tensor addbmm(const Tensor& x, const Tensor& a, const Tensor& b, Scalar beta, Scalar alpha, Site site) {
  if (const Autocasting as(Precision::lower, a); as) return addbmm(as(x), as(a), as(b), beta, alpha, site);
  const OpScope op("addbmm", site);
  return blend_once(x, a, b, [&](const Tensor& t, const Tensor& u, const Tensor& v) {
    return blend(t, sum(bmm(u, v), {0}), beta, alpha);
  });
}

Tensor outer(const Tensor& a, const Tensor& b, Site site) {
  const OpScope op("outer", site);
  check(a.dim() == 1 && b.dim() == 1, "needs two vectors, got shapes ", a.shape(), " and ", b.shape());
  return a.unsqueeze(1) * b;
}

Tensor inner(const Tensor& a, const Tensor& b, Site site) {
  const OpScope op("inner", site);
  if (a.dim() == 0 || b.dim() == 0) return a * b;
  check_inner(a, b, a.size(-1), b.size(-1));
  const std::int64_t length = a.size(-1);
  Shape shape = a.shape();
  shape.erase(a.dim() - 1);
  for (int i = 0; i + 1 < b.dim(); ++i) shape.push_back(b.size(i));
  const auto rows = [length](const Tensor& t) { return t.reshape({length == 0 ? 0 : t.numel() / length, length}); };
  return mm(rows(a), rows(b).t()).reshape(shape);
}

Tensor bilinear(const Tensor& a, const Tensor& b, const Tensor& weight, const Tensor& bias, Site site) {
  if (const Autocasting as(Precision::given, a); as) return bilinear(a, b, weight, bias, site);
  const OpScope op("bilinear", site);
  check(weight.dim() == 3, "the weight must be (out, in1, in2), got shape ", weight.shape());
  check(a.dim() > 0 && a.dim() == b.dim(), "both inputs must be (..., in), got shapes ", a.shape(), " and ", b.shape());
  const std::int64_t outputs = weight.size(0), n = weight.size(1), m = weight.size(2);
  check(a.size(-1) == n && b.size(-1) == m, "a weight of shape ", weight.shape(), " takes inputs that end with ", n,
        " and ", m, ", got shapes ", a.shape(), " and ", b.shape());
  Shape shape = a.shape();
  for (int i = 0; i + 1 < a.dim(); ++i) {
    check(a.size(i) == b.size(i), "the inputs must agree but in the last size, got ", a.shape(), " and ", b.shape());
  }
  shape[a.dim() - 1] = outputs;
  const std::int64_t rows = count_rows(a);
  const auto multiply = [&](const Tensor& x, const Tensor& y, const Tensor& w, const Tensor& offset) {
    const Tensor half = mm(x.reshape({rows, n}), w.permute({1, 0, 2}).reshape({n, outputs * m}));
    const Tensor product = bmm(half.reshape({rows, outputs, m}), y.reshape({rows, m, 1})).reshape(shape);
    return offset.defined() ? product + offset : product;
  };
  return ops::rounded_once(multiply, a, b, weight, bias);
}

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias, Site site) {
  if (const Autocasting as(Precision::lower, x); as) return linear(as(x), as(weight), as(bias), site);
  const OpScope op("linear", site);
  check(weight.dim() == 1 || weight.dim() == 2, "the weight must be (out, in) or (in), got shape ", weight.shape());
  check(x.dim() >= 1, "the input must be (..., in), got a scalar");
  check(x.size(-1) == weight.size(-1), "the input's last size must be that of the weight: input ", x.shape(),
        ", weight ", weight.shape());
  check(!bias.defined() || bias.dim() == 0 ||
            (bias.dim() == 1 && (weight.dim() == 1 || bias.size(0) == weight.size(0) || bias.size(0) == 1)),
        "the bias must be (out), a number for each row of the weight ", weight.shape(), "; got shape ",
        bias.defined() ? bias.shape() : Shape());
  const bool fuses = bias.defined() && weight.dim() == 2 && x.dim() >= 2 && bias.dim() == 1 &&
                     bias.size(0) == weight.size(0) && is_floating(x.dtype()) && x.dtype() == bias.dtype();
  if (!fuses) {
    const Tensor y = matmul(x, weight.t());
    return bias.defined() ? y + bias : y;
  }
  check_alike(x, weight);
  ops::check_one_device(x, bias);
  if (x.dim() == 2) return affine(x, weight, bias);
  Shape shape = x.shape();
  shape[x.dim() - 1] = weight.size(0);
  const std::int64_t rows = count_rows(x);
  return affine(x.reshape({rows, x.size(-1)}), weight, bias).reshape(shape);
}

}  // namespace ebb
