#pragma once

#include <string>
#include <vector>

#include "ebb/core/shape.h"

namespace ebb {
struct Size2;
}

namespace ebb::nn {

/// A number as Python's repr writes it: the shortest digits that read back the same, "1e-05", "0.1", "2.0".
std::string repr(double value);
/// "True" or "False".
std::string repr(bool value);
/// A tuple: "(3, 5)", "(3,)".
std::string repr(const Dims& values);
/// A tuple, or the number where all are equal: what was most likely written.
std::string repr_short(const Dims& values);
std::string repr_short(const Size2& values);
/// "\"a\", \"b\"": names in an error.
std::string quoted(const std::vector<std::string>& names);

}  // namespace ebb::nn
