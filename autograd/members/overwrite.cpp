// Members: in-place ops whose gradients are those of the free functions, called with the value before.
#include <initializer_list>
#include <optional>

#include "ebb/autograd/node.h"
#include "ebb/autograd/ops/activation/rectifier.h"
#include "ebb/autograd/ops/activation/sigmoid.h"
#include "ebb/autograd/ops/create/random.h"
#include "ebb/autograd/ops/detail/checks.h"
#include "ebb/autograd/ops/detail/compute.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/elementwise/unary.h"
#include "ebb/autograd/ops/index/gather.h"
#include "ebb/autograd/ops/index/masked.h"
#include "ebb/autograd/ops/linalg/linalg.h"
#include "ebb/autograd/ops/reduce/scan.h"
#include "ebb/autograd/ops/shape/convert.h"
#include "ebb/autograd/ops/shape/rearrange.h"
#include "ebb/autograd/view.h"
#include "ebb/kernels/elementwise/elementwise.h"

namespace ebb {
namespace {

/// An op that computes a result from the value before and overwrites x with it.
class Overwriting {
 public:
  Overwriting(const char* name, Site site, const Tensor& x, std::initializer_list<Tensor> others = {})
      : op_(name, site), x_(x), before_(ops::value_before(x, x)) {
    for (const Tensor& other : others) {
      if (!is_recorded()) before_ = ops::value_before(x, other);
    }
  }

  bool is_recorded() const { return !before_.is_same(x_); }
  const Tensor& before() const { return before_; }

  /// `other`, or a copy where a gradient would miss what x overwrites.
  Tensor kept(const Tensor& other) const {
    const bool is_overwritten = other.defined() && &other.storage() == &x_.storage();
    return is_recorded() && is_overwritten ? other.clone() : other;
  }

  Tensor write(const Tensor& result) const {
    ops::check_stays(x_, result.shape(), result.dtype());
    const Tensor y = result.to(x_.dtype()), written = x_.detach();
    ops::write_in_place(x_, {y}, [&](auto& context, Tensor& to) { kernels::copy(context, y, to); });
    autograd::set_node(written, autograd::node_of(y));
    return autograd::adopt_history(x_, written);
  }

 private:
  OpScope op_;
  const Tensor& x_;
  Tensor before_;
};

/// A function of one element, whose kernel needs no copies where nothing is recorded.
Tensor overwrite(const char* name, Site site, const Tensor& x, const kernels::UnaryOp& kernel,
                 Tensor (*f)(const Tensor&, Site)) {
  const Overwriting op(name, site, x);
  if (op.is_recorded() || !is_floating(x.dtype())) return op.write(f(op.before(), Site{}));
  ops::write_in_place(x, {}, [&](auto& context, Tensor& y) { kernels::unary(context, kernel, x, y); });
  return x;
}

}  // namespace

Tensor TensorOps::neg_(Site site) const { return overwrite("neg_", site, self(), kernels::Neg{}, ebb::neg); }
Tensor TensorOps::abs_(Site site) const { return overwrite("abs_", site, self(), kernels::Abs{}, ebb::abs); }
Tensor TensorOps::sign_(Site site) const { return overwrite("sign_", site, self(), kernels::Sign{}, ebb::sign); }
Tensor TensorOps::reciprocal_(Site site) const {
  return overwrite("reciprocal_", site, self(), kernels::Reciprocal{}, ebb::reciprocal);
}
Tensor TensorOps::exp_(Site site) const { return overwrite("exp_", site, self(), kernels::Exp{}, ebb::exp); }
Tensor TensorOps::expm1_(Site site) const { return overwrite("expm1_", site, self(), kernels::Expm1{}, ebb::expm1); }
Tensor TensorOps::log_(Site site) const { return overwrite("log_", site, self(), kernels::Log{}, ebb::log); }
Tensor TensorOps::log2_(Site site) const { return overwrite("log2_", site, self(), kernels::Log2{}, ebb::log2); }
Tensor TensorOps::log10_(Site site) const { return overwrite("log10_", site, self(), kernels::Log10{}, ebb::log10); }
Tensor TensorOps::log1p_(Site site) const { return overwrite("log1p_", site, self(), kernels::Log1p{}, ebb::log1p); }
Tensor TensorOps::sqrt_(Site site) const { return overwrite("sqrt_", site, self(), kernels::Sqrt{}, ebb::sqrt); }
Tensor TensorOps::rsqrt_(Site site) const { return overwrite("rsqrt_", site, self(), kernels::Rsqrt{}, ebb::rsqrt); }
Tensor TensorOps::sin_(Site site) const { return overwrite("sin_", site, self(), kernels::Sin{}, ebb::sin); }
Tensor TensorOps::cos_(Site site) const { return overwrite("cos_", site, self(), kernels::Cos{}, ebb::cos); }
Tensor TensorOps::tan_(Site site) const { return overwrite("tan_", site, self(), kernels::Tan{}, ebb::tan); }
Tensor TensorOps::asin_(Site site) const { return overwrite("asin_", site, self(), kernels::Asin{}, ebb::asin); }
Tensor TensorOps::acos_(Site site) const { return overwrite("acos_", site, self(), kernels::Acos{}, ebb::acos); }
Tensor TensorOps::atan_(Site site) const { return overwrite("atan_", site, self(), kernels::Atan{}, ebb::atan); }
Tensor TensorOps::sinh_(Site site) const { return overwrite("sinh_", site, self(), kernels::Sinh{}, ebb::sinh); }
Tensor TensorOps::cosh_(Site site) const { return overwrite("cosh_", site, self(), kernels::Cosh{}, ebb::cosh); }
Tensor TensorOps::erf_(Site site) const { return overwrite("erf_", site, self(), kernels::Erf{}, ebb::erf); }
Tensor TensorOps::floor_(Site site) const { return overwrite("floor_", site, self(), kernels::Floor{}, ebb::floor); }
Tensor TensorOps::ceil_(Site site) const { return overwrite("ceil_", site, self(), kernels::Ceil{}, ebb::ceil); }
Tensor TensorOps::round_(Site site) const { return overwrite("round_", site, self(), kernels::Round{}, ebb::round); }
Tensor TensorOps::trunc_(Site site) const { return overwrite("trunc_", site, self(), kernels::Trunc{}, ebb::trunc); }
Tensor TensorOps::sigmoid_(Site site) const {
  return overwrite("sigmoid_", site, self(), kernels::Sigmoid{}, ebb::sigmoid);
}
Tensor TensorOps::tanh_(Site site) const { return overwrite("tanh_", site, self(), kernels::Tanh{}, ebb::tanh); }

Tensor TensorOps::square_(Site site) const {
  const Overwriting op("square_", site, self());
  return op.write(ebb::square(op.before()));
}
Tensor TensorOps::pow_(const Tensor& exponent, Site site) const {
  const Overwriting op("pow_", site, self(), {exponent});
  return op.write(ebb::pow(op.before(), op.kept(exponent)));
}
Tensor TensorOps::pow_(Scalar exponent, Site site) const {
  const Overwriting op("pow_", site, self());
  return op.write(ebb::pow(op.before(), exponent));
}
Tensor TensorOps::fmod_(const Tensor& other, Site site) const {
  const Overwriting op("fmod_", site, self(), {other});
  return op.write(ebb::fmod(op.before(), op.kept(other)));
}
Tensor TensorOps::fmod_(Scalar other, Site site) const {
  const Overwriting op("fmod_", site, self());
  return op.write(ebb::fmod(op.before(), other));
}
Tensor TensorOps::remainder_(const Tensor& other, Site site) const {
  const Overwriting op("remainder_", site, self(), {other});
  return op.write(ebb::remainder(op.before(), op.kept(other)));
}
Tensor TensorOps::remainder_(Scalar other, Site site) const {
  const Overwriting op("remainder_", site, self());
  return op.write(ebb::remainder(op.before(), other));
}
Tensor TensorOps::clamp_(std::optional<Scalar> low, std::optional<Scalar> high, Site site) const {
  const Overwriting op("clamp_", site, self());
  return op.write(ebb::clamp(op.before(), low, high));
}
Tensor TensorOps::clamp_(const Tensor& low, const Tensor& high, Site site) const {
  const Overwriting op("clamp_", site, self(), {low, high});
  return op.write(ebb::clamp(op.before(), op.kept(low), op.kept(high)));
}

Tensor TensorOps::cumsum_(std::int64_t dim, Site site) const {
  const Overwriting op("cumsum_", site, self());
  return op.write(ebb::cumsum(op.before(), dim));
}
Tensor TensorOps::tril_(std::int64_t diagonal, Site site) const {
  const Overwriting op("tril_", site, self());
  return op.write(ebb::tril(op.before(), diagonal));
}
Tensor TensorOps::triu_(std::int64_t diagonal, Site site) const {
  const Overwriting op("triu_", site, self());
  return op.write(ebb::triu(op.before(), diagonal));
}
Tensor TensorOps::addmm_(const Tensor& a, const Tensor& b, Scalar beta, Scalar alpha, Site site) const {
  const Overwriting op("addmm_", site, self(), {a, b});
  return op.write(ebb::addmm(op.before(), op.kept(a), op.kept(b), beta, alpha));
}
Tensor TensorOps::addmv_(const Tensor& a, const Tensor& b, Scalar beta, Scalar alpha, Site site) const {
  const Overwriting op("addmv_", site, self(), {a, b});
  return op.write(ebb::addmv(op.before(), op.kept(a), op.kept(b), beta, alpha));
}
Tensor TensorOps::baddbmm_(const Tensor& a, const Tensor& b, Scalar beta, Scalar alpha, Site site) const {
  const Overwriting op("baddbmm_", site, self(), {a, b});
  return op.write(ebb::baddbmm(op.before(), op.kept(a), op.kept(b), beta, alpha));
}
Tensor TensorOps::addbmm_(const Tensor& a, const Tensor& b, Scalar beta, Scalar alpha, Site site) const {
  const Overwriting op("addbmm_", site, self(), {a, b});
  return op.write(ebb::addbmm(op.before(), op.kept(a), op.kept(b), beta, alpha));
}

Tensor TensorOps::scatter_(std::int64_t dim, const Tensor& index, const Tensor& src, Site site) const {
  const Overwriting op("scatter_", site, self(), {index, src});
  return op.write(ebb::scatter(op.before(), dim, op.kept(index), op.kept(src)));
}
Tensor TensorOps::scatter_(std::int64_t dim, const Tensor& index, Scalar value, Site site) const {
  const Overwriting op("scatter_", site, self(), {index});
  return op.write(ebb::scatter(op.before(), dim, op.kept(index), value));
}
Tensor TensorOps::scatter_add_(std::int64_t dim, const Tensor& index, const Tensor& src, Site site) const {
  const Overwriting op("scatter_add_", site, self(), {index, src});
  return op.write(ebb::scatter_add(op.before(), dim, op.kept(index), op.kept(src)));
}
Tensor TensorOps::index_add_(std::int64_t dim, const Tensor& index, const Tensor& src, Scalar alpha, Site site) const {
  const Overwriting op("index_add_", site, self(), {index, src});
  return op.write(ebb::index_add(op.before(), dim, op.kept(index), op.kept(src), alpha));
}
Tensor TensorOps::masked_fill_(const Tensor& mask, Scalar value, Site site) const {
  const Overwriting op("masked_fill_", site, self(), {mask});
  return op.write(ebb::masked_fill(op.before(), op.kept(mask), value));
}
Tensor TensorOps::masked_fill_(const Tensor& mask, const Tensor& value, Site site) const {
  const Overwriting op("masked_fill_", site, self(), {mask, value});
  return op.write(ebb::masked_fill(op.before(), op.kept(mask), op.kept(value)));
}

Tensor TensorOps::relu_(Site site) const { return ebb::relu_(self(), site); }
Tensor TensorOps::uniform_(double low, double high, Generator& generator, Site site) const {
  return ebb::uniform_(self(), low, high, generator, site);
}
Tensor TensorOps::normal_(double mean, double std, Generator& generator, Site site) const {
  return ebb::normal_(self(), mean, std, generator, site);
}

}  // namespace ebb
