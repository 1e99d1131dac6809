#pragma once

#include <functional>

#include "apps/bench/arguments.h"
#include "apps/bench/plan.h"
#include "apps/bench/result.h"

namespace ebb::bench {

/// Measures all passes of all cases, on a CPU beside the libraries `others`. `progress` is told what comes next: its
/// number, how many there are, its name.
Result measure(const BenchPlan& plan, const BenchArguments& arguments, const std::vector<Blas>& others,
               const std::function<void(int, int, const std::string&)>& progress);

}  // namespace ebb::bench
