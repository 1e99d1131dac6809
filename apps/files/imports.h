#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "ebb/core/value/value.h"

namespace ebb::apps {

/// The exit status of a command that found a file sound that Python must not load.
inline constexpr int unsafe_for_python = 3;

/// Whether Python's torch.load(path, weights_only=False), which imports and calls these, runs nothing but classes of
/// networks and containers of settings.
bool are_safe(const std::vector<Global>& imports);

nlohmann::json names_of(const std::vector<Global>& imports);

/// "sound for ebb, not safe for torch.load: Python would import posix.system"
std::string warning_of(const nlohmann::json& imports);

}  // namespace ebb::apps
