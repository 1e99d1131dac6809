#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace ebb::bench {

/// The samples of each round, in seconds. Those of one round were taken close together, beside those of the others.
using Rounds = std::vector<std::vector<double>>;

std::vector<double> all_of(const Rounds& rounds);

/// As numpy.percentile: between two values it goes in proportion. `percent` in [0, 100]; an Error for no values.
double percentile(std::vector<double> values, double percent);

/// Where 95 % of the resampled statistics lie.
struct Interval {
  double low = 0, high = 0;
  bool operator==(const Interval&) const = default;
  bool contains(double value) const { return low <= value && value <= high; }
};

inline bool overlap(const Interval& a, const Interval& b) { return a.low <= b.high && b.low <= a.high; }

/// Values beyond 3 interquartile ranges below the first quartile or above the third: Tukey's far fences.
Interval far_fences(const std::vector<double>& values);

/// Takes what lies outside of the fences out of the rounds; how many samples went. None go where more than a third
/// would: those are no outliers.
long drop_outliers(Rounds& rounds);

/// By the bootstrap: rounds are drawn with replacement, then samples within each. The same for the same seed. Rounds
/// without samples do not count; an Error where there are no others.
Interval median_interval(const Rounds& rounds, std::uint64_t seed);

/// Of median(a) / median(b).
struct Ratio {
  double value = 0;
  Interval interval = {};
};
/// Of samples that were not taken together.
Ratio ratio_of(const Rounds& a, const Rounds& b, std::uint64_t seed);
/// Of samples that were: only rounds count in which both have some, and both draw the same of them; what slowed the
/// machine for both then cancels out. Without such rounds as above.
Ratio paired_ratio_of(const Rounds& a, const Rounds& b, std::uint64_t seed);

/// An Error for a value that is not positive, or no values.
double geometric_mean(std::span<const double> values);

}  // namespace ebb::bench
