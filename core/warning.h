#pragma once

#include <functional>
#include <string>

namespace ebb {

/// Called with each warning: what was done, and at which line. Empty: they go to stderr, which is so at first.
using WarningHandler = std::function<void(const std::string& message)>;
/// Returns the handler before. May be called from any thread.
WarningHandler set_warning_handler(WarningHandler handler);

/// Tells of what is allowed and probably a mistake: once for each line of the program and message.
void warn(const std::string& message);

}  // namespace ebb
