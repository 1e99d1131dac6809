#pragma once

#include <bit>
#include <cstdint>

namespace ebb {

/// What the patterns beyond the numbers mean. ieee: infinities and NaN in the top exponent. fn: NaN where all bits are
/// set, no infinity. fnuz: NaN in place of minus zero, no infinity.
enum class Float8Kind { ieee, fn, fnuz };

/// Eight bits: sign, exponent, mantissa; for storage and conversion to float only.
template <int mantissa_bits, int bias, Float8Kind kind>
struct Float8 {
  std::uint8_t bits = 0;

  constexpr explicit operator float() const {
    constexpr std::uint32_t top_exponent = 0x7fu >> mantissa_bits, all_ones = (1u << mantissa_bits) - 1;
    const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x80u) << 24;
    const std::uint32_t exponent = (bits & 0x7fu) >> mantissa_bits, mantissa = bits & all_ones;
    const bool is_top = exponent == top_exponent;
    const bool is_nan = (kind == Float8Kind::ieee && is_top && mantissa != 0) ||
                        (kind == Float8Kind::fn && is_top && mantissa == all_ones) ||
                        (kind == Float8Kind::fnuz && bits == 0x80u);
    if (is_nan) return std::bit_cast<float>(0x7fc00000u);
    if (kind == Float8Kind::ieee && is_top) return std::bit_cast<float>(sign | 0x7f800000u);
    if (exponent == 0) return subnormal(sign, mantissa);
    return std::bit_cast<float>(sign | (exponent + 127 - bias) << 23 | mantissa << (23 - mantissa_bits));
  }

 private:
  static constexpr float subnormal(std::uint32_t sign, std::uint32_t mantissa) {
    constexpr float unit = std::bit_cast<float>(static_cast<std::uint32_t>(128 - bias - mantissa_bits) << 23);
    const float magnitude = static_cast<float>(mantissa) * unit;
    return sign != 0 ? -magnitude : magnitude;
  }
};

using Float8E4M3FN = Float8<3, 7, Float8Kind::fn>;
using Float8E5M2 = Float8<2, 15, Float8Kind::ieee>;
using Float8E4M3FNUZ = Float8<3, 8, Float8Kind::fnuz>;
using Float8E5M2FNUZ = Float8<2, 16, Float8Kind::fnuz>;

}  // namespace ebb
