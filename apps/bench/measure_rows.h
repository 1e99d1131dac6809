#pragma once

#include <functional>

#include "apps/bench/arguments.h"
#include "apps/bench/plan.h"
#include "apps/bench/result.h"

namespace ebb::bench {

/// Is told how a measurement goes.
struct Listener {
  std::function<void(const Result& so_far)> begins;                          ///< no row is there yet
  std::function<void(int number, int count, const std::string& name)> next;  ///< the row that is measured now
  std::function<void(const Row& row)> measured;
};

/// What cuDNN and cuBLAS may do, by the arguments.
void set_backends(const BenchArguments& arguments);

/// Measures all passes of all cases, on a CPU beside the libraries `others`.
Result measure(const BenchPlan& plan, const BenchArguments& arguments, const Others& others, const Listener& listener);

}  // namespace ebb::bench
