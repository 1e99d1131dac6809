#pragma once

#include <nlohmann/json.hpp>

namespace ebb::bench {

/// The CPU with its caches and those of its instruction sets that matter here, memory, system and compiler.
nlohmann::ordered_json this_machine();

}  // namespace ebb::bench
