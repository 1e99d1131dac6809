#pragma once

#include "apps/bench/arguments.h"

namespace ebb::bench {

// Each prints its report and returns the exit status.

/// 0; 1 where a contestant was wrong.
int bench_command(const BenchArguments& arguments);
/// 0; 1 where something has become slower, or is computed no more.
int compare_command(const CompareArguments& arguments);

}  // namespace ebb::bench
