#pragma once

#include <string>

#include "apps/bench/result.h"

namespace ebb::bench {

/// As printf has it.
[[gnu::format(printf, 1, 2)]] std::string formatted(const char* format, ...);

/// Three digits that count: "0.0123", "1.23", "123", "1230".
std::string three_digits(double value);

/// "1.85 GFLOP", "13.1 MB" or the like.
std::string with_unit(double value, const char* unit);

/// What a timing means for the work of its row.
struct Rates {
  double gb_per_s = 0, tflop_per_s = 0;
  double share = 0;  ///< of the ceiling that bounds the work
};
Rates rates_of(const Row& row, const Timing& timing, const Ceilings& ceilings);

/// "compute", "memory", or "" where no work is counted.
std::string bound_name(const Row& row, const Ceilings& ceilings);

}  // namespace ebb::bench
