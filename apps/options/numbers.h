#pragma once

#include <cstdint>
#include <limits>

#include <CLI/CLI.hpp>

/// What options take. CLI11's own ranges compare doubles, and it reads -1 as an unsigned number and 010 as 8.
namespace ebb::apps {

/// A whole number in decimal digits.
CLI::Validator whole_number(std::uint64_t least, std::uint64_t most = std::numeric_limits<std::int64_t>::max());

/// A finite number above 0, or one from 0 on.
CLI::Validator positive_number();
CLI::Validator number_from_0();

/// Refuses an empty text for any option or argument of the command and its subcommands.
void refuse_empty(CLI::App& command);

}  // namespace ebb::apps
