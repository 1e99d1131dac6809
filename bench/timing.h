#pragma once

#include <algorithm>
#include <chrono>
#include <vector>

namespace ebb::bench {

inline double seconds_of(auto&& body) {
  const auto start = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

struct Spread {
  double median, low, high;  ///< the 10th and 90th percentile
};

/// The value that a share of `values` does not exceed.
inline double quantile(std::vector<double> values, double share) {
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

/// Of `samples` runs of `body`, each `repeats` times, in seconds a run; after one that does not count.
inline Spread measure(int samples, int repeats, auto&& body) {
  const auto sample = [&] {
    return seconds_of([&] {
             for (int i = 0; i < repeats; ++i) body();
           }) /
           repeats;
  };
  sample();
  std::vector<double> times(static_cast<std::size_t>(samples));
  std::ranges::generate(times, sample);
  return {quantile(times, 0.5), quantile(times, 0.1), quantile(times, 0.9)};
}

}  // namespace ebb::bench
