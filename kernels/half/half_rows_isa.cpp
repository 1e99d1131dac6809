#include "ebb/kernels/half/half_rows.h"

#if defined(__F16C__)
#include <immintrin.h>
#endif

#include "ebb/kernels/cpu/this_isa.h"

namespace ebb::kernels {
namespace {

// Conversions that the compiler makes no vectors of. Each returns how many elements it has converted.

#if defined(__AVX512F__)
std::int64_t widen_registers(const Half* x, float* y, std::int64_t count) {
  std::int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    _mm512_storeu_ps(y + i, _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(x + i))));
  }
  return i;
}
std::int64_t narrow_registers(const float* x, Half* y, std::int64_t count) {
  std::int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const __m256i bits = _mm512_cvtps_ph(_mm512_loadu_ps(x + i), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(y + i), bits);
  }
  return i;
}
#elif defined(__F16C__)
std::int64_t widen_registers(const Half* x, float* y, std::int64_t count) {
  std::int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    _mm256_storeu_ps(y + i, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(x + i))));
  }
  return i;
}
std::int64_t narrow_registers(const float* x, Half* y, std::int64_t count) {
  std::int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    const __m128i bits = _mm256_cvtps_ph(_mm256_loadu_ps(x + i), _MM_FROUND_TO_NEAREST_INT);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(y + i), bits);
  }
  return i;
}
#else
std::int64_t widen_registers(const Half*, float*, std::int64_t) { return 0; }
std::int64_t narrow_registers(const float*, Half*, std::int64_t) { return 0; }
#endif

std::int64_t widen_registers(const BFloat16*, float*, std::int64_t) { return 0; }
std::int64_t narrow_registers(const float*, BFloat16*, std::int64_t) { return 0; }

}  // namespace

template <Isa, class T>
void widen_row(const T* x, float* y, std::int64_t count) {
  for (std::int64_t i = widen_registers(x, y, count); i < count; ++i) y[i] = static_cast<float>(x[i]);
}

template <Isa, class T>
void narrow_row(const float* x, T* y, std::int64_t count) {
  for (std::int64_t i = narrow_registers(x, y, count); i < count; ++i) y[i] = T(x[i]);
}

template void widen_row<this_isa>(const Half*, float*, std::int64_t);
template void widen_row<this_isa>(const BFloat16*, float*, std::int64_t);
template void narrow_row<this_isa>(const float*, Half*, std::int64_t);
template void narrow_row<this_isa>(const float*, BFloat16*, std::int64_t);

}  // namespace ebb::kernels
