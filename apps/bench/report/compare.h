#pragma once

#include <string>
#include <vector>

#include "apps/bench/result.h"

namespace ebb::bench {

/// One contestant of one case in one state of the caches, before and after.
struct Change {
  std::string name;  ///< "conv2d ... forward nhwc float32, winograd4, cold"
  bool is_external = false;
  double ratio = 1;        ///< time after over time before: above 1 it has become slower
  Interval interval = {};  ///< of the ratio, 95 %
  bool is_beyond = false;  ///< the tolerance
  bool is_real = false;    ///< beyond it, and the intervals of the medians do not overlap
};

struct Comparison {
  std::vector<Change> changes;
  std::vector<std::string> lost;     ///< timed before, and refused after
  std::vector<std::string> missing;  ///< timed before, and not in the other file
  std::vector<std::string> added;
  std::vector<std::string> differences;  ///< between the machines or settings, which make times incomparable

  /// Whether something of the library has become slower, or is computed no more.
  bool has_regressed() const;
};

/// Pairs rows by case, and their contestants by name. `tolerance`: 0.05 is 5 %. An Error where it is negative, or the
/// results have no contestant of a case in common.
Comparison compare(const Result& before, const Result& after, double tolerance);

/// What is beyond the tolerance, or all, and how many there are.
std::string to_text(const Comparison& comparison, double tolerance, bool all);

}  // namespace ebb::bench
