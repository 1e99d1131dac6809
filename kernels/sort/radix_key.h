#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

#include "ebb/core/dtype/half.h"
#include "ebb/kernels/host_device.h"

namespace ebb::kernels {

/// Unsigned integers in whose order numbers of type T stand: NaN is the greatest, and -0 is 0.
template <class T>
struct RadixKey {
  using Short = std::conditional_t<sizeof(T) == 1, std::uint8_t, std::uint16_t>;
  using Word =
      std::conditional_t<sizeof(T) == 8, std::uint64_t, std::conditional_t<sizeof(T) == 4, std::uint32_t, Short>>;
  static constexpr int bits = 8 * sizeof(Word);

  EBB_HOST_DEVICE static Word of(T x, bool descending) {
    const Word key = ascending(x);
    return descending ? static_cast<Word>(~key) : key;
  }

 private:
  static constexpr Word sign = static_cast<Word>(Word{1} << (bits - 1));

  /// Of the bits of a floating number that is no NaN.
  EBB_HOST_DEVICE static Word by_sign(Word word) {
    return (word & sign) != 0 ? static_cast<Word>(~word) : static_cast<Word>(word | sign);
  }
  EBB_HOST_DEVICE static Word ascending(T x) {
    if constexpr (is_half<T>) {
      constexpr Word infinity = std::is_same_v<T, Half> ? 0x7c00 : 0x7f80;
      const auto magnitude = static_cast<Word>(x.bits & (sign - 1));
      if (magnitude > infinity) return static_cast<Word>(~Word{0});
      return by_sign(magnitude == 0 ? Word{0} : x.bits);
    } else if constexpr (std::is_floating_point_v<T>) {
      if (x != x) return static_cast<Word>(~Word{0});
      return by_sign(std::bit_cast<Word>(x == T(0) ? T(0) : x));
    } else if constexpr (std::is_signed_v<T>) {
      return static_cast<Word>(static_cast<Word>(x) ^ sign);
    } else {
      return static_cast<Word>(x);
    }
  }
};

}  // namespace ebb::kernels
