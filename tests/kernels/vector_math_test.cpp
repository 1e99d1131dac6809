// The functions of float that the CPU's loops are made of, beside the C library's of double. Run once for each
// instruction set.
#include <bit>
#include <cmath>
#include <cstdio>
#include <functional>
#include <limits>

#include "ebb/core/tensor.h"
#include "ebb/kernels/elementwise/activation.h"
#include "ebb/kernels/elementwise/elementwise.h"

#include "tests/support/catch.h"

namespace ebb::test {
namespace {

using kernels::ActivationOp;
using kernels::UnaryOp;
using Exact = double (*)(double);

constexpr float infinity = std::numeric_limits<float>::infinity();

/// Every 4097th pattern of bits, and numbers where functions change: zeros, the ends of ranges, over- and underflow.
Tensor all_kinds_of_floats() {
  constexpr std::int64_t stride = 4097, count = (std::int64_t{1} << 32) / stride;
  const float ends[] = {0.0F,       -0.0F,       1.0F,     -1.0F,      infinity,  -infinity, 0x1p-149F, -0x1p-149F,
                        0x1p-126F,  0x1p+127F,   0x1p-24F, -0x1p-24F,  88.72283F, 88.72284F, -87.3F,    -103.97F,
                        -103.98F,   -104.1F,     0.625F,   3.9192059F, 3.95F,     9.01F,     -17.4F,    -0.99999994F,
                        1.0000001F, 0.99999994F, 16777216, -2.0F,      0.75F,     20.0F,     NAN,       -NAN};
  Tensor x = allocate({count + std::ssize(ends)}, kFloat32);
  float* to = x.data<float>();
  for (std::int64_t i = 0; i < count; ++i) *to++ = std::bit_cast<float>(static_cast<std::uint32_t>(i * stride));
  std::ranges::copy(ends, to);
  return x;
}

Tensor applied(const UnaryOp& op, const Tensor& x) {
  Tensor y = allocate(x.shape(), x.dtype());
  CpuContext context;
  kernels::unary(context, op, x, y);
  return y;
}

Tensor applied(const ActivationOp& op, const Tensor& x) {
  Tensor y = allocate(x.shape(), x.dtype());
  CpuContext context;
  kernels::activation(context, op, x, y);
  return y;
}

Tensor gradient(const ActivationOp& op, const Tensor& x) {
  Tensor dy = allocate(x.shape(), x.dtype()), dx = allocate(x.shape(), x.dtype());
  CpuContext context;
  kernels::fill(context, 1, dy);
  kernels::activation_backward(context, op, dy, x, dx);
  return dx;
}

/// The distance of neighbours of float, where they are as large as `x`.
double unit_of(double x) {
  int exponent;
  std::frexp(x, &exponent);
  return std::ldexp(1.0, std::max(exponent - 24, -149));
}

/// In units; infinite where only one is NaN, or they are different infinities, or zeros of different signs.
double error_of(float y, double exact) {
  const auto rounded = static_cast<float>(exact);
  if (std::isnan(exact)) return std::isnan(y) ? 0 : infinity;
  if (std::isinf(rounded) || exact == 0) return std::bit_cast<int>(y) == std::bit_cast<int>(rounded) ? 0 : infinity;
  if (std::signbit(y) != std::signbit(exact)) return infinity;
  return std::fabs(static_cast<double>(y) - exact) / unit_of(exact);
}

struct Worst {
  double error;
  float x;
};

template <class Error>
Worst worst_of(const Tensor& x, const Tensor& y, Error&& error_at) {
  Worst worst{0, 0};
  for (std::int64_t i = 0; i < x.numel(); ++i) {
    const float at = x.data<float>()[i];
    const double error = error_at(at, y.data<float>()[i]);
    if (!(error <= worst.error)) worst = {error, at};
  }
  return worst;
}

struct Function {
  const char* name;
  UnaryOp op;
  Exact exact;
};

struct Activation {
  const char* name;
  std::function<Tensor(const Tensor&)> apply;
  Exact exact;
};

template <class Op>
Activation activation(const char* name, const Op& op, Exact exact) {
  return {name, [op](const Tensor& x) { return applied(op, x); }, exact};
}

double softplus(double x) { return x > 20 ? x : std::log1p(std::exp(x)); }
double logistic(double x) { return 1 / (1 + std::exp(-x)); }

}  // namespace

TEST_CASE("functions of float are within a few units in the last place") {
  const Function functions[] = {
      {"exp", kernels::Exp{}, std::exp},    {"expm1", kernels::Expm1{}, std::expm1},
      {"log", kernels::Log{}, std::log},    {"log1p", kernels::Log1p{}, std::log1p},
      {"tanh", kernels::Tanh{}, std::tanh}, {"erf", kernels::Erf{}, std::erf},
  };
  const Tensor x = all_kinds_of_floats();
  for (const auto& [name, op, exact] : functions) {
    const Worst worst = worst_of(x, applied(op, x), [f = exact](float at, float y) { return error_of(y, f(at)); });
    std::printf("%-6s within %.2f units in the last place, farthest at %a\n", name, worst.error, worst.x);
    CAPTURE(name, worst.x);
    CHECK(worst.error <= 2.5);
  }
}

TEST_CASE("activations of float are as near as their formulas allow") {
  const Activation functions[] = {
      activation("sigmoid", kernels::Sigmoid{}, logistic),
      activation("elu", kernels::Elu{1, 1, 1}, [](double x) { return x > 0 ? x : std::expm1(x); }),
      activation("gelu", kernels::Gelu{}, [](double x) { return 0.5 * x * std::erfc(-x * std::sqrt(0.5)); }),
      activation("gelu by tanh", kernels::GeluTanh{},
                 [](double x) { return x * logistic(std::sqrt(8 / M_PI) * (x + 0.044715 * x * x * x)); }),
      activation("silu", kernels::Silu{}, [](double x) { return x * logistic(x); }),
      activation("softplus", kernels::Softplus{1, 20}, softplus),
      activation("log sigmoid", kernels::LogSigmoid{}, [](double x) { return -std::log1p(std::exp(-x)); }),
      activation("mish", kernels::Mish{}, [](double x) { return x * std::tanh(softplus(x)); }),
  };
  const Tensor x = all_kinds_of_floats();
  for (const auto& [name, apply, exact] : functions) {
    const Worst worst = worst_of(x, apply(x), [f = exact](float at, float y) {
      if (!(std::fabs(at) <= 80)) return std::isnan(y) == std::isnan(at) || std::isinf(at) ? 0.0 : infinity;
      return std::fabs(y - f(at)) / (0x1p-24 * (std::fabs(at) + std::fabs(f(at))) + 0x1p-149);
    });
    std::printf("%-12s within %.2f rounding errors, farthest at %a\n", name, worst.error, worst.x);
    CAPTURE(name, worst.x);
    CHECK(worst.error <= 4);
  }
}

TEST_CASE("gradients of activations of float are those of double, rounded") {
  const ActivationOp ops[] = {kernels::Elu{1, 1, 1},    kernels::Gelu{},       kernels::GeluTanh{}, kernels::Silu{},
                              kernels::Softplus{1, 20}, kernels::LogSigmoid{}, kernels::Mish{}};
  CpuContext context;
  Tensor x = allocate({100003}, kFloat32), wide = allocate(x.shape(), kFloat64);
  for (std::int64_t i = 0; i < x.numel(); ++i) {
    const float t = static_cast<float>(i - 50000) * 2e-5F;
    x.data<float>()[i] = 10 * t + 1e4F * std::pow(t, 11.0F);
  }
  kernels::copy(context, x, wide);
  for (const ActivationOp& op : ops) {
    const Tensor exact = gradient(op, wide);
    std::int64_t i = 0;
    const Worst worst = worst_of(x, gradient(op, x), [&](float, float y) {
      const double expected = exact.data<double>()[i++];
      return std::fabs(y - expected) / (0x1p-24 * (1 + std::fabs(expected)));
    });
    CAPTURE(op.index(), worst.x);
    CHECK(worst.error <= 9);  // silu's 1 - sigmoid cancels
  }
}

TEST_CASE("an element's result does not depend on where it lies") {
  CpuContext context;
  for (const std::int64_t count : {1, 7, 511, 512, 513, 1500}) {
    Tensor pairs = allocate({count, 2}, kFloat32);
    for (std::int64_t i = 0; i < pairs.numel(); ++i) pairs.data<float>()[i] = std::sin(static_cast<float>(i)) * 9;
    Tensor x = pairs.alias({count}, {2}, 1), neighbours = allocate({count}, kFloat32);
    kernels::copy(context, x, neighbours);
    const Tensor expected = applied(kernels::Gelu{}, neighbours);
    const Tensor from_strided = applied(kernels::Gelu{}, x);
    kernels::activation(context, kernels::Gelu{}, x, x);
    CAPTURE(count);
    for (std::int64_t i = 0; i < count; ++i) {
      REQUIRE(from_strided.data<float>()[i] == expected.data<float>()[i]);
      REQUIRE(x.data<float>()[2 * i] == expected.data<float>()[i]);
    }
  }
}

}  // namespace ebb::test
