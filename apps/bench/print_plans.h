#pragma once

#include "apps/bench/plan.h"

namespace ebb::bench {

/// What each pass could be computed by, and why not, without taking any time.
void print_plans(const BenchPlan& plan, std::uint64_t seed);

/// The same of convolutions, by cuDNN on a GPU that a file describes.
void print_plans_on(const std::string& gpu, const BenchPlan& plan);

}  // namespace ebb::bench
