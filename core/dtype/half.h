#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

namespace ebb {

// The conversions are constexpr, so that GPU code can call them.

/// IEEE binary16: stores and converts; arithmetic is in float.
struct Half {
  std::uint16_t bits = 0;

  Half() = default;
  constexpr explicit Half(float value) : bits(from_float(value)) {}
  constexpr explicit operator float() const { return to_float(bits); }

  /// Rounds to nearest even; what is too large becomes infinite.
  static constexpr std::uint16_t from_float(float value) {
    const auto word = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t sign = (word >> 16) & 0x8000u, magnitude = word & 0x7fffffffu;
    std::uint32_t rounded;
    if (magnitude > 0x7f800000u) {
      rounded = 0x7e00u;  // NaN
    } else if (magnitude >= 0x477ff000u) {
      rounded = 0x7c00u;  // 65520 and more
    } else if (magnitude < 0x38800000u) {
      rounded = subnormal_from(magnitude);
    } else {
      rounded = (magnitude - 0x38000000u + 0x0fffu + ((magnitude >> 13) & 1u)) >> 13;
    }
    return static_cast<std::uint16_t>(sign | rounded);
  }

  static constexpr float to_float(std::uint16_t bits) {
    const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000u) << 16;
    const std::uint32_t exponent = (bits >> 10) & 0x1fu;
    const std::uint32_t mantissa = bits & 0x3ffu;
    if (exponent == 0) {
      const float magnitude = static_cast<float>(mantissa) * 5.9604644775390625e-08f;
      return sign != 0 ? -magnitude : magnitude;
    }
    const std::uint32_t wide = exponent == 31 ? 0xffu : exponent + 112u;
    return std::bit_cast<float>(sign | (wide << 23) | (mantissa << 13));
  }

 private:
  /// Below 2^-14 the unit is 2^-24: adding 1/2, whose last bit is that unit, lets the FPU round.
  static constexpr std::uint32_t subnormal_from(std::uint32_t magnitude) {
    return std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) + 0.5f) - 0x3f000000u;
  }
};

/// The upper half of a float, rounded to nearest even; as Half.
struct BFloat16 {
  std::uint16_t bits = 0;

  BFloat16() = default;
  constexpr explicit BFloat16(float value) {
    const auto word = std::bit_cast<std::uint32_t>(value);
    const bool is_nan = (word & 0x7fffffffu) > 0x7f800000u;
    const std::uint32_t rounded = (word + 0x7fffu + ((word >> 16) & 1u)) >> 16;
    bits = is_nan ? std::uint16_t{0x7fc0} : static_cast<std::uint16_t>(rounded);
  }
  constexpr explicit operator float() const { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }
};

template <class T>
inline constexpr bool is_half = std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>;

/// What elements of T are computed in: float for half precision, otherwise T.
template <class T>
using OpMath = std::conditional_t<is_half<T>, float, T>;

}  // namespace ebb
