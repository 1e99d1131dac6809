#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "apps/bench/result.h"

namespace ebb::bench {

/// As docs/bench.md describes it.
nlohmann::ordered_json to_json(const Result& result);
/// What to_json() made; an Error that names `file` for anything else.
Result from_json(const nlohmann::json& json, const std::string& file);
/// An Error where the file cannot be read or is not what `ebb bench --json` writes.
Result read_result(const std::string& file);

/// A line for each contestant of each row, cold and hot.
std::string to_csv(const Result& result);

}  // namespace ebb::bench
