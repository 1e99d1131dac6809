#pragma once

#include <cmath>
#include <cstdint>

#include "ebb/kernels/host_device.h"

// Functions of one real without branches or calls, so that the compiler vectorises loops over them. The result for an
// element is the same wherever it lies; AVX2 and AVX-512 give the same bits, SSE2, which cannot fuse, others in the
// last place. Polynomials are by Remez's algorithm. Those of double are the
// C library's.

namespace ebb::kernels::vector_math {
namespace detail {

/// a b + c, rounded once where the instruction set can.
[[gnu::always_inline]] inline float fused(float a, float b, float c) {
  if constexpr (cpu_fuses) {
    return __builtin_fmaf(a, b, c);
  } else {
    return a * b + c;
  }
}

/// c[0] + c[1] x + c[2] x^2 + ...
template <class... More>
[[gnu::always_inline]] inline float polynomial(float x, float c0, More... more) {
  if constexpr (sizeof...(More) == 0) {
    return c0;
  } else {
    return fused(polynomial(x, more...), x, c0);
  }
}

[[gnu::always_inline]] inline std::uint32_t bits_of(float x) { return __builtin_bit_cast(std::uint32_t, x); }
[[gnu::always_inline]] inline float of_bits(std::uint32_t bits) { return __builtin_bit_cast(float, bits); }
[[gnu::always_inline]] inline float power_of_two(std::int32_t exponent) {
  return of_bits(static_cast<std::uint32_t>(exponent + 127) << 23);
}

/// x within the limits, of which NaN becomes one. As integers, of which the compiler makes two instructions.
[[gnu::always_inline]] inline float between_signs(float negative, float x, float positive) {
  const auto low = bits_of(negative);
  const auto high = static_cast<std::int32_t>(bits_of(positive)), bits = static_cast<std::int32_t>(bits_of(x));
  const auto lower = static_cast<std::uint32_t>(bits < high ? bits : high);
  return of_bits(lower < low ? lower : low);  // unsigned: the farther below 0, the larger
}

constexpr float ln2_high = 0x1.62e4p-1F, ln2_low = 0x1.7f7d1cp-20F;  // of the first, multiples are exact

/// x = n ln 2 + rest, |rest| <= ln 2 / 2; the lowest 9 bits of `shifted` are n + bias
struct ReducedExponent {
  std::uint32_t shifted;
  float rest;
};

template <int bias>
[[gnu::always_inline]] inline ReducedExponent reduce(float x) {
  constexpr float log2_e = 0x1.715476p+0F, round = 0x1.8p+23F + bias;  // adding this leaves no bits of fractions
  const float shifted = fused(x, log2_e, round), n = shifted - round;
  return {bits_of(shifted), fused(-n, ln2_low, fused(-n, ln2_high, x))};
}

/// exp(x) - 1, where |x| <= ln 2 / 2
[[gnu::always_inline]] inline float small_expm1(float x) {
  const float tail = polynomial(x, 0.5F, 1.6666667e-1F, 4.1666325e-2F, 8.333219e-3F, 1.3943309e-3F, 1.9962396e-4F);
  return fused(x * x, tail, x);
}

/// exp(x), where it is neither subnormal nor infinite
[[gnu::always_inline]] inline float moderate_exp(float x) {
  const auto [shifted, rest] = reduce<127>(x);
  const float power = of_bits(shifted << 23);
  return fused(small_expm1(rest), power, power);
}

/// log(1 + x) - x, where |x| <= 1/3
[[gnu::always_inline]] inline float small_log1p(float x) {
  const float tail = polynomial(x, 3.3333334e-1F, -2.499982e-1F, 1.9999598e-1F, -1.6679579e-1F, 1.4304456e-1F,
                                -1.21957764e-1F, 1.0754237e-1F, -1.2845066e-1F, 1.20071456e-1F);
  return x * x * fused(x, tail, -0.5F);
}

/// The exponent that leaves a positive x between 2/3 and 4/3.
[[gnu::always_inline]] inline std::int32_t exponent_of(float x) {
  constexpr float two_thirds = 0x1.555556p-1F;
  return static_cast<std::int32_t>(bits_of(x) - bits_of(two_thirds)) >> 23;
}

[[gnu::always_inline]] inline float divided_by_power(float x, std::int32_t exponent) {
  return of_bits(bits_of(x) - (static_cast<std::uint32_t>(exponent) << 23));
}

/// exponent ln 2 + log(1 + f)
[[gnu::always_inline]] inline float assembled_log(float exponent, float f) {
  return fused(exponent, ln2_high, f + fused(exponent, ln2_low, small_log1p(f)));
}

/// log(1 + x), of finite x > -1
[[gnu::always_inline]] inline float finite_log1p(float x) {
  const float sum = 1.0F + x, lost = x < 1.0F ? x - (sum - 1.0F) : 1.0F - (sum - x);
  const std::int32_t exponent = exponent_of(sum);
  const float f = (divided_by_power(sum, exponent) - 1.0F) + lost * power_of_two(exponent < 100 ? -exponent : -100);
  return assembled_log(static_cast<float>(exponent), f);
}

/// What log is beyond the positive finite numbers.
[[gnu::always_inline]] inline float log_or_limit(float x, float log) {
  const float of_others = x == 0 ? -__builtin_inff() : x < 0 ? __builtin_nanf("") : x;
  return x > 0 && x < __builtin_inff() ? log : of_others;
}

}  // namespace detail

[[gnu::always_inline]] inline float exp(float x) {
  const auto [shifted, rest] = detail::reduce<2 * 127>(detail::between_signs(-104.0F, x, 89.0F));
  const std::uint32_t half = shifted >> 1;  // in two steps, for results that are subnormal or infinite
  const float power = detail::of_bits(half << 23), other = detail::of_bits((shifted - half) << 23);
  const float result = detail::fused(detail::small_expm1(rest), power, power) * other;
  return x == x ? result : x;
}

[[gnu::always_inline]] inline float expm1(float x) {
  const auto [shifted, rest] = detail::reduce<126>(detail::between_signs(-18.0F, x, 89.0F));
  const float half = detail::of_bits(shifted << 23);  // of exp(x - rest), which may be infinite
  const float result = 2.0F * detail::fused(detail::small_expm1(rest), half, half - 0.5F);
  return std::fabs(x) >= 0x1p-24F ? result : x;
}

[[gnu::always_inline]] inline float log(float x) {
  const bool subnormal = x < 0x1p-126F;
  const float normal = x * (subnormal ? 0x1p+23F : 1.0F);
  const std::int32_t exponent = detail::exponent_of(normal);
  const float f = detail::divided_by_power(normal, exponent) - 1.0F;
  return detail::log_or_limit(x, detail::assembled_log(static_cast<float>(exponent) - (subnormal ? 23.0F : 0.0F), f));
}

[[gnu::always_inline]] inline float log1p(float x) {
  const float result = detail::log_or_limit(1.0F + x, detail::finite_log1p(x));
  return std::fabs(x) < 0x1p-24F ? x : result;
}

/// log(1 + exp(x))
[[gnu::always_inline]] inline float log1p_exp(float x) {
  return detail::finite_log1p(exp(-std::fabs(x))) + (x < 0.0F ? 0.0F : x);
}

[[gnu::always_inline]] inline float tanh(float x) {
  const float size = std::fabs(x), limited = 10.0F < size ? 10.0F : size;
  const auto [shifted, rest] = detail::reduce<127>(2.0F * limited);
  const float power = detail::of_bits(shifted << 23);
  const float expm1 = detail::fused(detail::small_expm1(rest), power, power - 1.0F);
  return std::copysign(expm1 / (expm1 + 2.0F), x);
}

[[gnu::always_inline]] inline float erf(float x) {
  const float size = std::fabs(x), square = size * size, limited = size < 3.95F ? size : 3.95F;
  const float small = detail::polynomial(square, 1.2837917e-1F, -3.7612626e-1F, 1.12835854e-1F, -2.6853811e-2F,
                                         5.1883277e-3F, -8.0101937e-4F, 7.853861e-5F);
  const float log_erfc = detail::polynomial(limited, -3.4243584e-4F, -1.1270853F, -6.381516e-1F, -1.03100605e-1F,
                                            2.183497e-2F, -2.9468432e-3F, 1.8629152e-4F);
  const float large = 1.0F - detail::moderate_exp(log_erfc);
  return std::copysign(size >= 1.0F ? large : detail::fused(size, small, size), x);
}

/// The probability that a normal number is less than x: half of erfc of |x / sqrt(2)|, by its logarithm, or 1 less
/// that.
[[gnu::always_inline]] inline float normal_probability(float x) {
  const float size = std::fabs(x) * 0x1.6a09e6p-1F;
  const float log_erfc = detail::polynomial(size, 9.185147e-9F, -1.1283803F, -6.365997e-1F, -1.0290583e-1F, 1.95477e-2F,
                                            -4.906816e-4F, -1.0628448e-3F, 3.1869597e-4F, -3.269055e-5F);
  const auto [shifted, rest] = detail::reduce<126>(log_erfc);
  const float power = detail::of_bits(shifted << 23), half = detail::fused(detail::small_expm1(rest), power, power);
  const float tail = size >= 6.0F ? 0.0F : half;
  return x > 0.0F ? 1.0F - tail : tail;
}

[[gnu::always_inline]] inline double exp(double x) { return std::exp(x); }
[[gnu::always_inline]] inline double expm1(double x) { return std::expm1(x); }
[[gnu::always_inline]] inline double log(double x) { return std::log(x); }
[[gnu::always_inline]] inline double log1p(double x) { return std::log1p(x); }
[[gnu::always_inline]] inline double log1p_exp(double x) {
  return std::log1p(std::exp(-std::fabs(x))) + (x < 0.0 ? 0.0 : x);
}
[[gnu::always_inline]] inline double tanh(double x) { return std::tanh(x); }
[[gnu::always_inline]] inline double erf(double x) { return std::erf(x); }
[[gnu::always_inline]] inline double normal_probability(double x) {
  return 0.5 * (1.0 + std::erf(x * 0.7071067811865476));
}

}  // namespace ebb::kernels::vector_math
