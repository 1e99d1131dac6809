#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace ebb::apps {

/// `text` from a file, fit for a terminal: control characters and bytes that are not UTF-8 as \x1b.
std::string printable(std::string_view text);

/// JSON in lines. Bytes that are not UTF-8, which no JSON has, are written as \x1b.
std::string to_text(const nlohmann::json& value);

/// "812 B", "1.66 kB", "102 MB", "2.15 GB".
std::string size_text(std::uint64_t bytes);

}  // namespace ebb::apps
