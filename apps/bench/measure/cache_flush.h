#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ebb::bench {

/// Of what /sys tells of a cache: "32768K", "32M" or "512"; 0 for what is none of that.
std::int64_t cache_bytes(const std::string& size);

/// The largest cache of the first core; 32 MiB where the system does not say.
std::int64_t last_level_cache_bytes();

/// Empties the caches of the CPU by reading twice as much as the largest holds: that leaves no line in them that is of
/// use, and none that has yet to be written.
class CacheFlush {
 public:
  CacheFlush();
  void operator()();

 private:
  std::vector<double> buffer_;
};

}  // namespace ebb::bench
