// Percentiles and intervals are numpy 1.24's, of 40,000 resamples in the same way, where nothing else is said.
#include "ebb/core/error.h"

#include "apps/bench/measure/statistics.h"
#include "tests/support/catch.h"

namespace ebb::bench {
namespace {

const Rounds some{{10.1, 10.4, 10.2}, {11.0, 10.9, 11.3}, {9.8, 9.9, 10.0}, {10.6, 10.5, 10.9}};
const Rounds others{{8.1, 8.3, 8.0}, {8.9, 9.1, 8.8}, {7.9, 7.8, 8.1}, {8.4, 8.6, 8.5}};

void check_interval(const Interval& interval, double low, double high, double margin) {
  CHECK(interval.low == Approx(low).margin(margin));
  CHECK(interval.high == Approx(high).margin(margin));
}

TEST_CASE("percentiles are numpy's") {
  const std::vector<double> values{3.5, 1.25, 9.0, 2.0, 7.75, 4.5, 8.25};
  const std::vector<std::pair<double, double>> expected{{0, 1.25}, {10, 1.7},  {25, 2.75},     {50, 4.5},
                                                        {75, 8.0}, {90, 8.55}, {97.5, 8.8875}, {100, 9.0}};
  for (const auto& [percent, value] : expected) CHECK(percentile(values, percent) == Approx(value));
  CHECK(percentile({1, 2, 3, 4}, 10) == Approx(1.3));
  CHECK(percentile({1, 2, 3, 4}, 50) == Approx(2.5));
  CHECK(percentile({7}, 90) == 7);
  CHECK_THROWS_WITH(percentile({}, 50), ContainsSubstring("at least one value"));
  CHECK_THROWS_WITH(percentile({1}, 101), ContainsSubstring("0 to 100 percent, got 101"));
}

TEST_CASE("what lies beyond Tukey's far fences is dropped and counted") {
  const Interval fences = far_fences({10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 60, 2});
  CHECK(fences.low == Approx(-4.75));
  CHECK(fences.high == Approx(33.75));
  Rounds rounds{{10, 11, 12, 13}, {14, 15, 16, 17}, {60}, {18, 19, 2}};
  CHECK(drop_outliers(rounds) == 1);
  CHECK(rounds == Rounds{{10, 11, 12, 13}, {14, 15, 16, 17}, {}, {18, 19, 2}});
  Rounds halves{{1, 1, 1, 1, 1, 1, 9, 9, 9, 9}};  // of equal quartiles all else is out, but it is too much
  CHECK(drop_outliers(halves) == 0);
  Rounds none{{}, {}};
  CHECK(drop_outliers(none) == 0);
}

TEST_CASE("the interval of a median is that of its distribution") {
  // Of 11 values in one round the median of a resample is at most the 2nd least with a probability of 0.007, the 3rd
  // 0.051, the 8th 0.949, the 9th 0.993: by the binomial distribution.
  CHECK(median_interval({{11, 3, 1, 7, 5, 9, 2, 10, 4, 6, 8}}, 0) == Interval{3, 9});
  check_interval(median_interval(some, 3), 9.95, 10.95, 0.06);
  CHECK(median_interval(some, 3) == median_interval(some, 3));
  CHECK(median_interval({{}, {2}, {}}, 0) == Interval{2, 2});
  CHECK_THROWS_WITH(median_interval({{}, {}}, 0), ContainsSubstring("at least one sample"));
}

TEST_CASE("ratios of samples taken together have narrower intervals") {
  const Ratio paired = paired_ratio_of(some, others, 1), apart = ratio_of(some, others, 1);
  CHECK(paired.value == Approx(1.2514970059880237));
  CHECK(apart.value == Approx(1.2514970059880237));
  check_interval(paired.interval, 1.2267, 1.2795, 0.006);
  check_interval(apart.interval, 1.155, 1.352, 0.02);
}

TEST_CASE("a drift of the machine cancels out of paired ratios") {
  const Rounds a{{1}, {2}, {3}, {4}, {5}}, b{{2}, {4}, {6}, {8}, {10}};
  CHECK(paired_ratio_of(a, b, 0).interval == Interval{0.5, 0.5});
  CHECK(ratio_of(a, b, 0).interval.high > 0.8);
}

TEST_CASE("only rounds that both have count in paired ratios") {
  const Ratio ratio = paired_ratio_of({{9}, {2}, {}, {2}}, {{}, {4}, {100}}, 0);
  CHECK(ratio.value == 0.5);
  CHECK(ratio.interval == Interval{0.5, 0.5});
  CHECK(paired_ratio_of({{1}, {}}, {{}, {4}}, 0).value == 0.25);  // none is shared
}

TEST_CASE("geometric means") {
  CHECK(geometric_mean(std::vector<double>{0.5, 2, 3, 1.25}) == Approx(1.3915788418568704));
  CHECK_THROWS_WITH(geometric_mean({}), ContainsSubstring("at least one value"));
  CHECK_THROWS_WITH(geometric_mean(std::vector<double>{1, 0}), ContainsSubstring("positive values, got 0"));
}

}  // namespace
}  // namespace ebb::bench
