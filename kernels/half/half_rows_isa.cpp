#include <type_traits>

#include <immintrin.h>

#include "ebb/kernels/cpu/this_isa.h"
#include "ebb/kernels/half/half_rows.h"

namespace ebb::kernels {
namespace {

// By the CPU's own conversions, of which the compiler makes no vectors: how many elements of a row they take.

template <Isa isa>
std::int64_t widen_registers(const Half* x, float* y, std::int64_t count) {
  std::int64_t i = 0;
  if constexpr (isa == Isa::avx512) {
    for (; i + 16 <= count; i += 16) {
      _mm512_storeu_ps(y + i, _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(x + i))));
    }
  } else if constexpr (isa == Isa::avx2) {
    for (; i + 8 <= count; i += 8) {
      _mm256_storeu_ps(y + i, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(x + i))));
    }
  }
  return i;
}

template <Isa isa>
std::int64_t round_registers(const float* x, Half* y, std::int64_t count) {
  constexpr int to_nearest = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
  std::int64_t i = 0;
  if constexpr (isa == Isa::avx512) {
    for (; i + 16 <= count; i += 16) {
      const __m256i bits = _mm512_cvtps_ph(_mm512_loadu_ps(x + i), to_nearest);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(y + i), bits);
    }
  } else if constexpr (isa == Isa::avx2) {
    for (; i + 8 <= count; i += 8) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(y + i), _mm256_cvtps_ph(_mm256_loadu_ps(x + i), to_nearest));
    }
  }
  return i;
}

}  // namespace

template <Isa isa, class T>
void widen_row(const T* x, float* y, std::int64_t count) {
  std::int64_t i = 0;
  if constexpr (std::is_same_v<T, Half>) i = widen_registers<isa>(x, y, count);
  for (; i < count; ++i) y[i] = static_cast<float>(x[i]);
}

template <Isa isa, class T>
void narrow_row(const float* x, T* y, std::int64_t count) {
  std::int64_t i = 0;
  if constexpr (std::is_same_v<T, Half>) i = round_registers<isa>(x, y, count);
  for (; i < count; ++i) y[i] = T(x[i]);
}

template void widen_row<this_isa>(const Half*, float*, std::int64_t);
template void widen_row<this_isa>(const BFloat16*, float*, std::int64_t);
template void narrow_row<this_isa>(const float*, Half*, std::int64_t);
template void narrow_row<this_isa>(const float*, BFloat16*, std::int64_t);

}  // namespace ebb::kernels
