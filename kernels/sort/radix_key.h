#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

#include "ebb/kernels/host_device.h"

namespace ebb::kernels {

/// Unsigned integers in whose order numbers of type T stand: NaN is the greatest, and -0 is 0.
template <class T>
struct RadixKey {
  using Word = std::conditional_t<sizeof(T) == 8, std::uint64_t,
                                  std::conditional_t<sizeof(T) == 1, std::uint8_t, std::uint32_t>>;
  static constexpr int bits = 8 * sizeof(Word);

  EBB_HOST_DEVICE static Word of(T x, bool descending) {
    const Word key = ascending(x);
    return descending ? static_cast<Word>(~key) : key;
  }

 private:
  EBB_HOST_DEVICE static Word ascending(T x) {
    constexpr Word sign = static_cast<Word>(Word{1} << (bits - 1));
    if constexpr (std::is_floating_point_v<T>) {
      if (x != x) return static_cast<Word>(~Word{0});
      const Word word = std::bit_cast<Word>(x == T(0) ? T(0) : x);
      return (word & sign) != 0 ? static_cast<Word>(~word) : static_cast<Word>(word | sign);
    } else if constexpr (std::is_signed_v<T>) {
      return static_cast<Word>(static_cast<Word>(x) ^ sign);
    } else {
      return static_cast<Word>(x);
    }
  }
};

}  // namespace ebb::kernels
