#include "tests/parity/compare.h"

#include <cmath>
#include <span>
#include <sstream>

#include "ebb/autograd/grad_mode.h"

namespace parity {

using ebb::DType;
using ebb::Tensor;

namespace {

struct Tolerance {
  double rtol, atol;
};

Tolerance tolerance_of(DType dtype) {
  switch (dtype) {
    case DType::float64:
      return {1e-7, 1e-7};
    case DType::float32:
      return {1.3e-6, 1e-5};
    case DType::float16:
      return {1e-3, 1e-5};
    case DType::bfloat16:
      return {1.6e-2, 1e-5};
    default:
      return {0, 0};
  }
}

/// The elements in C order.
std::vector<double> values_of(const Tensor& x) {
  const ebb::NoGradGuard no_grad;
  const Tensor dense = x.detach().to(ebb::kFloat64).contiguous();
  const std::span values(dense.data<double>(), static_cast<std::size_t>(dense.numel()));
  return {values.begin(), values.end()};
}

bool is_close(double got, double expected, Tolerance t) {
  if (got == expected || (std::isnan(got) && std::isnan(expected))) return true;
  return std::isfinite(expected) && std::abs(got - expected) <= t.atol + t.rtol * std::abs(expected);
}

template <class... Parts>
std::string text(const Parts&... parts) {
  std::ostringstream out;
  out.precision(9);
  (out << ... << parts);
  return out.str();
}

}  // namespace

std::string difference(const Tensor& got, const Tensor& expected) {
  if (!got.defined()) return "there is none";
  if (got.dtype() != expected.dtype()) return text("dtype ", got.dtype(), ", expected ", expected.dtype());
  if (got.shape() != expected.shape()) return text("shape ", got.shape(), ", expected ", expected.shape());
  const auto actual = values_of(got), wanted = values_of(expected);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!is_close(actual[i], wanted[i], tolerance_of(expected.dtype()))) {
      return text("element ", i, " of ", got.shape(), " is ", actual[i], ", expected ", wanted[i]);
    }
  }
  return "";
}

bool is_as_accurate(const Tensor& got, const Tensor& expected, const Tensor& exact) {
  const bool alike = got.defined() && exact.defined() && got.dtype() == expected.dtype() &&
                     got.shape() == expected.shape() && exact.shape() == expected.shape();
  if (!alike) return false;
  const auto actual = values_of(got), wanted = values_of(expected), truth = values_of(exact);
  const bool is_half = ebb::is_half_precision(expected.dtype());
  const Tolerance one = tolerance_of(expected.dtype()), two{2 * one.rtol, 2 * one.atol},
                  ten{10 * one.rtol, 10 * one.atol};
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const double error = std::abs(actual[i] - truth[i]), theirs = std::abs(wanted[i] - truth[i]);
    const bool is_right = is_close(actual[i], truth[i], is_half ? two : one) || error <= (is_half ? 4 : 2) * theirs;
    const bool excused = is_right && (is_half || is_close(actual[i], wanted[i], ten));
    if (!is_close(actual[i], wanted[i], one) && !excused) return false;
  }
  return true;
}

std::string dropout_difference(const Tensor& x, const Tensor& y, const Tensor& dy, const Tensor& dx, double p) {
  if (y.shape() != x.shape() || dx.shape() != x.shape()) return text("shape ", y.shape(), ", expected ", x.shape());
  const Tolerance tolerance = tolerance_of(x.dtype());
  const auto in = values_of(x), out = values_of(y), cotangent = values_of(dy), gradient = values_of(dx);
  const double scale = 1 / (1 - p);
  for (std::size_t i = 0; i < in.size(); ++i) {
    const bool kept = out[i] != 0 || in[i] == 0;
    const bool right = is_close(out[i], kept ? in[i] * scale : 0, tolerance);
    const bool same_mask = in[i] == 0 || is_close(gradient[i], kept ? cotangent[i] * scale : 0, tolerance);
    if (!right) return text("element ", i, " is ", out[i], ", expected 0 or ", in[i] * scale);
    if (!same_mask) return text("gradient ", i, " is ", gradient[i], ", but the output is ", out[i]);
  }
  return "";
}

}  // namespace parity
