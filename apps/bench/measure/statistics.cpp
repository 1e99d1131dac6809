#include "apps/bench/measure/statistics.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <random>
#include <utility>

#include "ebb/core/error.h"

namespace ebb::bench {
namespace {

constexpr int resamples = 1000;
constexpr double two_sided[] = {2.5, 97.5};

using Draws = std::mt19937_64;

std::size_t below(std::size_t count, Draws& draws) { return static_cast<std::size_t>(draws() % count); }

using Indices = std::vector<std::size_t>;

/// The rounds that have samples.
Indices rounds_of(const Rounds& rounds) {
  Indices indices;
  for (std::size_t i = 0; i < rounds.size(); ++i) {
    if (!rounds[i].empty()) indices.push_back(i);
  }
  check(!indices.empty(), "an interval needs at least one sample");
  return indices;
}

Indices drawn(const Indices& rounds, Draws& draws) {
  Indices taken(rounds.size());
  for (std::size_t& round : taken) round = rounds[below(rounds.size(), draws)];
  return taken;
}

double drawn_median(const Rounds& rounds, const Indices& taken, Draws& draws) {
  std::vector<double> values;
  for (const std::size_t round : taken) {
    const std::vector<double>& samples = rounds[round];
    for (std::size_t i = 0; i < samples.size(); ++i) values.push_back(samples[below(samples.size(), draws)]);
  }
  return percentile(std::move(values), 50);
}

Interval interval_of(const std::vector<double>& statistics) {
  return {percentile(statistics, two_sided[0]), percentile(statistics, two_sided[1])};
}

Indices rounds_of_both(const Rounds& a, const Rounds& b) {
  Indices of_a = rounds_of(a), of_b = rounds_of(b), both;
  std::ranges::set_intersection(of_a, of_b, std::back_inserter(both));
  return both;
}

double median_of(const Rounds& rounds, const Indices& taken) {
  std::vector<double> values;
  for (const std::size_t round : taken) values.insert(values.end(), rounds[round].begin(), rounds[round].end());
  return percentile(std::move(values), 50);
}

Ratio ratio_over(const Rounds& a, const Rounds& b, const Indices& of_a, const Indices& of_b, bool paired,
                 std::uint64_t seed) {
  Draws draws(seed);
  std::vector<double> ratios;
  for (int i = 0; i < resamples; ++i) {
    const Indices from_a = drawn(of_a, draws), from_b = paired ? from_a : drawn(of_b, draws);
    const double above = drawn_median(a, from_a, draws);
    ratios.push_back(above / drawn_median(b, from_b, draws));
  }
  return {median_of(a, of_a) / median_of(b, of_b), interval_of(ratios)};
}

}  // namespace

std::vector<double> all_of(const Rounds& rounds) {
  std::vector<double> values;
  for (const auto& samples : rounds) values.insert(values.end(), samples.begin(), samples.end());
  return values;
}

double percentile(std::vector<double> values, double percent) {
  check(!values.empty(), "a percentile needs at least one value");
  check(percent >= 0 && percent <= 100, "a percentile is of 0 to 100 percent, got ", percent);
  const double place = percent / 100 * static_cast<double>(values.size() - 1);
  const auto before = static_cast<std::ptrdiff_t>(place);
  std::ranges::nth_element(values, values.begin() + before);
  const double low = values[static_cast<std::size_t>(before)], share = place - static_cast<double>(before);
  if (share == 0) return low;
  return low + share * (*std::min_element(values.begin() + before + 1, values.end()) - low);
}

Interval far_fences(const std::vector<double>& values) {
  const double first = percentile(values, 25), third = percentile(values, 75);
  return {first - 3 * (third - first), third + 3 * (third - first)};
}

long drop_outliers(Rounds& rounds) {
  const std::vector<double> values = all_of(rounds);
  if (values.empty()) return 0;
  const Interval fences = far_fences(values);
  const auto is_out = [&fences](double value) { return !fences.contains(value); };
  const auto count = std::ranges::count_if(values, is_out);
  if (static_cast<std::size_t>(count) * 3 > values.size()) return 0;
  for (auto& samples : rounds) std::erase_if(samples, is_out);
  return count;
}

Interval median_interval(const Rounds& rounds, std::uint64_t seed) {
  const Indices usable = rounds_of(rounds);
  Draws draws(seed);
  std::vector<double> medians;
  for (int i = 0; i < resamples; ++i) {
    const Indices taken = drawn(usable, draws);
    medians.push_back(drawn_median(rounds, taken, draws));
  }
  return interval_of(medians);
}

Ratio ratio_of(const Rounds& a, const Rounds& b, std::uint64_t seed) {
  return ratio_over(a, b, rounds_of(a), rounds_of(b), false, seed);
}

Ratio paired_ratio_of(const Rounds& a, const Rounds& b, std::uint64_t seed) {
  const Indices both = rounds_of_both(a, b);
  return both.empty() ? ratio_of(a, b, seed) : ratio_over(a, b, both, both, true, seed);
}

double geometric_mean(std::span<const double> values) {
  check(!values.empty(), "a mean needs at least one value");
  double sum = 0;
  for (const double value : values) {
    check(value > 0, "a geometric mean is of positive values, got ", value);
    sum += std::log(value);
  }
  return std::exp(sum / static_cast<double>(values.size()));
}

}  // namespace ebb::bench
