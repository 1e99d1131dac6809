#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace ebb::bench {

/// What a script of this folder prints when `python` runs it: one line of JSON.
nlohmann::json run_script(const std::string& python, const std::string& script, const std::string& arguments);

}  // namespace ebb::bench
