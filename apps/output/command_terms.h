#pragma once

#include <string>

namespace ebb::apps {

/// A message of the library, whose advice is C++, with the option of the command `name` in its place.
std::string in_command_terms(const std::string& message, const std::string& name);

}  // namespace ebb::apps
