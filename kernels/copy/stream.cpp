#include "ebb/kernels/copy/stream.h"

#include <algorithm>
#include <cstring>

#include <emmintrin.h>

#include "ebb/kernels/cpu/caches.h"

namespace ebb::kernels {
namespace {

/// The last level is shared, maybe with other guests of the machine: of a large one, count on a few times the own.
std::int64_t share_of_caches() { return std::min(caches().l3, 32 * caches().l2); }

}  // namespace

bool outgrows_caches(std::int64_t bytes) {
  static const std::int64_t share = share_of_caches();
  return bytes > share;
}

void stream(const std::byte* from, std::byte* to, std::int64_t bytes) {
  constexpr std::int64_t line = 64, vector = sizeof(__m128i);
  const auto misplaced = static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(to) % line);
  const std::int64_t head = std::min(bytes, (line - misplaced) % line);
  std::memcpy(to, from, static_cast<std::size_t>(head));
  std::int64_t i = head;
  for (; i + line <= bytes; i += line) {
    for (std::int64_t k = i; k < i + line; k += vector) {
      _mm_stream_si128(reinterpret_cast<__m128i*>(to + k), _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + k)));
    }
  }
  std::memcpy(to + i, from + i, static_cast<std::size_t>(bytes - i));
  _mm_sfence();  // before another thread reads
}

}  // namespace ebb::kernels
