#pragma once

#include <string>

#include "apps/bench/result.h"

namespace ebb::bench {

/// What was measured and how: device, ceilings, inputs, threads, libraries.
std::string header_text(const Result& result);
/// A line for each contestant below one for the case. A star: what the library takes where nobody forces it.
std::string columns_text();
std::string row_text(const Row& row, const Ceilings& ceilings);
/// Wins and losses with the worst case of each, and how good the library's own choices were.
std::string summary_text(const Result& result);

}  // namespace ebb::bench
