#include "ebb/io/zip/crc32_fold.h"

#include <cstring>

#include <immintrin.h>

namespace ebb::io {
namespace {

/// x^n modulo the polynomial, in the order of bits that the instruction wants: bits reversed, one place further left.
consteval long long power(int n) {
  std::uint32_t remainder = 0x80000000u;
  for (int i = 0; i < n; ++i) remainder = (remainder >> 1) ^ ((remainder & 1u) != 0 ? 0xedb88320u : 0u);
  return static_cast<long long>(remainder) << 1;
}

/// What moves 16 bytes by a distance in bits: the factors of the lower and of the upper half.
struct Factors {
  long long low, high;
};

consteval Factors factors(int distance) { return {power(distance + 32), power(distance - 32)}; }

[[gnu::target("pclmul,sse4.1")]] inline __m128i load(Factors k) { return _mm_set_epi64x(k.high, k.low); }

[[gnu::target("pclmul,sse4.1")]] inline __m128i fold(__m128i x, __m128i k, __m128i next) {
  return _mm_xor_si128(next, _mm_xor_si128(_mm_clmulepi64_si128(x, k, 0x00), _mm_clmulepi64_si128(x, k, 0x11)));
}

/// Vectors that follow each other, into the last.
[[gnu::target("pclmul,sse4.1")]] Folded fold_into_last(const __m128i* x, int count, std::size_t consumed) {
  const __m128i k = load(factors(128));
  __m128i sum = x[0];
  for (int i = 1; i < count; ++i) sum = fold(sum, k, x[i]);
  Folded folded{.bytes = {}, .consumed = consumed};
  std::memcpy(folded.bytes.data(), &sum, sizeof sum);
  return folded;
}

[[gnu::target("pclmul,sse4.1")]] Folded fold_128(ByteView bytes, std::uint32_t remainder) {
  const auto* next = reinterpret_cast<const __m128i*>(bytes.data());
  const __m128i k = load(factors(4 * 128));
  __m128i x[4];
  for (int i = 0; i < 4; ++i) x[i] = _mm_loadu_si128(next + i);
  x[0] = _mm_xor_si128(x[0], _mm_cvtsi32_si128(static_cast<int>(remainder)));
  const std::size_t blocks = bytes.size() / sizeof x;
  for (std::size_t block = 1; block < blocks; ++block) {
    next += 4;
    for (int i = 0; i < 4; ++i) x[i] = fold(x[i], k, _mm_loadu_si128(next + i));
  }
  return fold_into_last(x, 4, blocks * sizeof x);
}

[[gnu::target("avx512f,vpclmulqdq,pclmul,sse4.1")]] Folded fold_512(ByteView bytes, std::uint32_t remainder) {
  const std::byte* next = bytes.data();
  const __m512i k = _mm512_broadcast_i32x4(load(factors(4 * 512)));
  __m512i x[4];
  for (int i = 0; i < 4; ++i) x[i] = _mm512_loadu_si512(next + i * sizeof x[0]);
  x[0] = _mm512_xor_si512(x[0], _mm512_zextsi128_si512(_mm_cvtsi32_si128(static_cast<int>(remainder))));
  const std::size_t blocks = bytes.size() / sizeof x;
  for (std::size_t block = 1; block < blocks; ++block) {
    next += sizeof x;
    for (int i = 0; i < 4; ++i) {
      const __m512i low = _mm512_clmulepi64_epi128(x[i], k, 0x00), high = _mm512_clmulepi64_epi128(x[i], k, 0x11);
      constexpr int xor_all = 0x96;
      x[i] = _mm512_ternarylogic_epi64(low, high, _mm512_loadu_si512(next + i * sizeof x[0]), xor_all);
    }
  }
  __m128i parts[16];
  std::memcpy(parts, x, sizeof x);
  return fold_into_last(parts, 16, blocks * sizeof x);
}

std::vector<Crc32Folder> find_folders() {
  std::vector<Crc32Folder> found;
  const bool has_pclmul = __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
  if (has_pclmul && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("vpclmulqdq")) {
    found.push_back({"avx512", 256, fold_512});
  }
  if (has_pclmul) found.push_back({"pclmul", 64, fold_128});
  return found;
}

}  // namespace

const std::vector<Crc32Folder>& crc32_folders() {
  static const std::vector<Crc32Folder> found = find_folders();
  return found;
}

}  // namespace ebb::io
