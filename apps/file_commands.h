#pragma once

#include <functional>
#include <vector>

#include <CLI/App.hpp>

namespace ebb::apps {

/// Adds `ebb inspect | verify | diff | convert`. Runs the one that was parsed, and returns its exit status: 0, or 1
/// where files differ or one is not sound; -1 where none was.
std::function<int()> add_file_commands(CLI::App& app);

}  // namespace ebb::apps
