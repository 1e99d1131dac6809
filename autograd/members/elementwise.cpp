// Members: ops/elementwise and ops/activation.
#include "ebb/autograd/ops/activation/rectifier.h"
#include "ebb/autograd/ops/activation/sigmoid.h"
#include "ebb/autograd/ops/activation/softmax.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/elementwise/compare.h"
#include "ebb/autograd/ops/elementwise/unary.h"

namespace ebb {

Tensor TensorOps::add(const Tensor& other, Scalar alpha, Site site) const {
  return ebb::add(self(), other, alpha, site);
}
Tensor TensorOps::add(Scalar other, Scalar alpha, Site site) const { return ebb::add(self(), other, alpha, site); }
Tensor TensorOps::sub(const Tensor& other, Scalar alpha, Site site) const {
  return ebb::sub(self(), other, alpha, site);
}
Tensor TensorOps::sub(Scalar other, Scalar alpha, Site site) const { return ebb::sub(self(), other, alpha, site); }
Tensor TensorOps::mul(const Tensor& other, Site site) const { return ebb::mul(self(), other, site); }
Tensor TensorOps::mul(Scalar other, Site site) const { return ebb::mul(self(), other, site); }
Tensor TensorOps::div(const Tensor& other, Site site) const { return ebb::div(self(), other, site); }
Tensor TensorOps::div(Scalar other, Site site) const { return ebb::div(self(), other, site); }
Tensor TensorOps::pow(const Tensor& exponent, Site site) const { return ebb::pow(self(), exponent, site); }
Tensor TensorOps::pow(Scalar exponent, Site site) const { return ebb::pow(self(), exponent, site); }
Tensor TensorOps::maximum(const Tensor& other, Site site) const { return ebb::maximum(self(), other, site); }
Tensor TensorOps::minimum(const Tensor& other, Site site) const { return ebb::minimum(self(), other, site); }
Tensor TensorOps::fmod(const Tensor& other, Site site) const { return ebb::fmod(self(), other, site); }
Tensor TensorOps::fmod(Scalar other, Site site) const { return ebb::fmod(self(), other, site); }
Tensor TensorOps::remainder(const Tensor& other, Site site) const { return ebb::remainder(self(), other, site); }
Tensor TensorOps::remainder(Scalar other, Site site) const { return ebb::remainder(self(), other, site); }

Tensor TensorOps::eq(const Tensor& other, Site site) const { return ebb::eq(self(), other, site); }
Tensor TensorOps::eq(Scalar other, Site site) const { return ebb::eq(self(), other, site); }
Tensor TensorOps::ne(const Tensor& other, Site site) const { return ebb::ne(self(), other, site); }
Tensor TensorOps::ne(Scalar other, Site site) const { return ebb::ne(self(), other, site); }
Tensor TensorOps::lt(const Tensor& other, Site site) const { return ebb::lt(self(), other, site); }
Tensor TensorOps::lt(Scalar other, Site site) const { return ebb::lt(self(), other, site); }
Tensor TensorOps::le(const Tensor& other, Site site) const { return ebb::le(self(), other, site); }
Tensor TensorOps::le(Scalar other, Site site) const { return ebb::le(self(), other, site); }
Tensor TensorOps::gt(const Tensor& other, Site site) const { return ebb::gt(self(), other, site); }
Tensor TensorOps::gt(Scalar other, Site site) const { return ebb::gt(self(), other, site); }
Tensor TensorOps::ge(const Tensor& other, Site site) const { return ebb::ge(self(), other, site); }
Tensor TensorOps::ge(Scalar other, Site site) const { return ebb::ge(self(), other, site); }
Tensor TensorOps::logical_and(const Tensor& other, Site site) const { return ebb::logical_and(self(), other, site); }
Tensor TensorOps::logical_or(const Tensor& other, Site site) const { return ebb::logical_or(self(), other, site); }
Tensor TensorOps::logical_xor(const Tensor& other, Site site) const { return ebb::logical_xor(self(), other, site); }
Tensor TensorOps::logical_not(Site site) const { return ebb::logical_not(self(), site); }
Tensor TensorOps::isnan(Site site) const { return ebb::isnan(self(), site); }
Tensor TensorOps::isinf(Site site) const { return ebb::isinf(self(), site); }
Tensor TensorOps::isfinite(Site site) const { return ebb::isfinite(self(), site); }
bool TensorOps::equal(const Tensor& other, Site site) const { return ebb::equal(self(), other, site); }
bool TensorOps::allclose(const Tensor& other, double rtol, double atol, bool equal_nan, Site site) const {
  return ebb::allclose(self(), other, rtol, atol, equal_nan, site);
}

Tensor TensorOps::neg(Site site) const { return ebb::neg(self(), site); }
Tensor TensorOps::abs(Site site) const { return ebb::abs(self(), site); }
Tensor TensorOps::sign(Site site) const { return ebb::sign(self(), site); }
Tensor TensorOps::reciprocal(Site site) const { return ebb::reciprocal(self(), site); }
Tensor TensorOps::exp(Site site) const { return ebb::exp(self(), site); }
Tensor TensorOps::expm1(Site site) const { return ebb::expm1(self(), site); }
Tensor TensorOps::log(Site site) const { return ebb::log(self(), site); }
Tensor TensorOps::log2(Site site) const { return ebb::log2(self(), site); }
Tensor TensorOps::log10(Site site) const { return ebb::log10(self(), site); }
Tensor TensorOps::log1p(Site site) const { return ebb::log1p(self(), site); }
Tensor TensorOps::sqrt(Site site) const { return ebb::sqrt(self(), site); }
Tensor TensorOps::rsqrt(Site site) const { return ebb::rsqrt(self(), site); }
Tensor TensorOps::sin(Site site) const { return ebb::sin(self(), site); }
Tensor TensorOps::cos(Site site) const { return ebb::cos(self(), site); }
Tensor TensorOps::tan(Site site) const { return ebb::tan(self(), site); }
Tensor TensorOps::asin(Site site) const { return ebb::asin(self(), site); }
Tensor TensorOps::acos(Site site) const { return ebb::acos(self(), site); }
Tensor TensorOps::atan(Site site) const { return ebb::atan(self(), site); }
Tensor TensorOps::sinh(Site site) const { return ebb::sinh(self(), site); }
Tensor TensorOps::cosh(Site site) const { return ebb::cosh(self(), site); }
Tensor TensorOps::erf(Site site) const { return ebb::erf(self(), site); }
Tensor TensorOps::square(Site site) const { return ebb::square(self(), site); }
Tensor TensorOps::floor(Site site) const { return ebb::floor(self(), site); }
Tensor TensorOps::ceil(Site site) const { return ebb::ceil(self(), site); }
Tensor TensorOps::round(Site site) const { return ebb::round(self(), site); }
Tensor TensorOps::trunc(Site site) const { return ebb::trunc(self(), site); }
Tensor TensorOps::clamp(std::optional<Scalar> low, std::optional<Scalar> high, Site site) const {
  return ebb::clamp(self(), low, high, site);
}
Tensor TensorOps::clamp(const Tensor& low, const Tensor& high, Site site) const {
  return ebb::clamp(self(), low, high, site);
}

Tensor TensorOps::relu(Site site) const { return ebb::relu(self(), site); }
Tensor TensorOps::sigmoid(Site site) const { return ebb::sigmoid(self(), site); }
Tensor TensorOps::tanh(Site site) const { return ebb::tanh(self(), site); }
Tensor TensorOps::prelu(const Tensor& weight, Site site) const { return ebb::prelu(self(), weight, site); }
Tensor TensorOps::softmax(std::int64_t dim, Site site) const { return ebb::softmax(self(), dim, site); }
Tensor TensorOps::log_softmax(std::int64_t dim, Site site) const { return ebb::log_softmax(self(), dim, site); }
Tensor TensorOps::logsumexp(const Dims& dims, bool keepdim, Site site) const {
  return ebb::logsumexp(self(), dims, keepdim, site);
}

Tensor TensorOps::where(const Tensor& condition, const Tensor& other, Site site) const {
  return ebb::where(condition, self(), other, site);
}
Tensor TensorOps::where(const Tensor& condition, Scalar other, Site site) const {
  return ebb::where(condition, self(), other, site);
}

}  // namespace ebb
