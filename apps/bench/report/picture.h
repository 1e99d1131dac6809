#pragma once

#include <string>

#include "apps/bench/result.h"

namespace ebb::bench {

/// As an SVG file: where operations are counted, the roofline with everyone's rate in it; and everyone's ratio to the
/// best of the others with its interval, a line for each row. Cold.
std::string picture_of(const Result& result);

}  // namespace ebb::bench
