#pragma once

#include <vector>

#include "apps/bench/arguments.h"
#include "apps/bench/cases/case.h"
#include "apps/bench/contestants.h"
#include "apps/bench/measure/ceilings.h"

namespace ebb::bench {

/// What is to be measured, by the arguments.
struct BenchPlan {
  Setting setting;
  std::vector<Case> cases;
  int left_out = 0;       ///< cases of more operations than `most_gflop` allows
  double most_gflop = 0;  ///< 0 for any number
};

/// An Error for arguments that name nothing, or contradict each other.
BenchPlan plan_of(const BenchArguments& arguments);

/// Of "--ceilings 0.2,25": TFLOP/s and GB/s; an Error for anything but two positive numbers.
Ceilings parse_ceilings(const std::string& text);

}  // namespace ebb::bench
