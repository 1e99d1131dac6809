#include "apps/bench/measure/cache_flush.h"

#include <algorithm>
#include <charconv>
#include <fstream>

#include "ebb/core/threads/parallel.h"

namespace ebb::bench {

std::int64_t cache_bytes(const std::string& size) {
  std::int64_t count = 0;
  const char* end = size.data() + size.size();
  const auto [rest, status] = std::from_chars(size.data(), end, count);
  const std::string unit(rest, end);
  if (status != std::errc() || count < 0 || count > INT32_MAX) return 0;
  return unit.empty() ? count : unit == "K" ? count << 10 : unit == "M" ? count << 20 : 0;
}

std::int64_t last_level_cache_bytes() {
  constexpr std::int64_t where_unknown = 32 << 20;
  std::int64_t largest = 0;
  for (int i = 0;; ++i) {
    std::ifstream file("/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(i) + "/size");
    std::string size;
    if (!(file >> size)) break;
    largest = std::max(largest, cache_bytes(size));
  }
  return largest > 0 ? largest : where_unknown;
}

CacheFlush::CacheFlush() : buffer_(2 * static_cast<std::size_t>(last_level_cache_bytes()) / sizeof(double), 1) {}

void CacheFlush::operator()() {
  const auto count = static_cast<std::int64_t>(buffer_.size());
  const std::int64_t share = count / num_threads() + 1;  // each core has caches of its own to empty
  parallel_for(count, share, [this](std::int64_t begin, std::int64_t end) {
    double sum = 0;
    for (std::int64_t i = begin; i < end; i += 8) sum += buffer_[static_cast<std::size_t>(i)];  // one of each line
    asm volatile("" : : "x"(sum));
  });
}

}  // namespace ebb::bench
