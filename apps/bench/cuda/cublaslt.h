#pragma once

#include <string>

#include "apps/bench/libraries/blas.h"

namespace ebb::bench {

/// Products on a GPU by cuBLASLt: by the fastest of the algorithms that its heuristic advises, which are timed at the
/// first call of each product. A call fails with a DeviceError where cuBLASLt is missing.
Multiply cublaslt();

/// Empty where it is missing.
std::string cublaslt_version();

}  // namespace ebb::bench
