#pragma once

#include <string>
#include <vector>

#include "apps/bench/contestants.h"

namespace ebb::bench {

/// An Error for a name of --without that no contestant of any case has.
void check_without(const std::vector<std::string>& without, const Setting& setting);

}  // namespace ebb::bench
