#include "ebb/core/error.h"

#include <utility>

namespace ebb {

Error::Error(std::string message)
    : std::runtime_error(message), op_(OpScope::path()), message_(std::move(message)), site_(OpScope::site()) {
  compose();
}

void Error::add_module(const std::string& name) {
  module_path_ = module_path_.empty() ? name : name + "." + module_path_;
  compose();
}

void Error::compose() {
  text_ = op_.empty() ? message_ : op_ + ": " + message_;
  const std::string line = to_string(site_);
  if (!line.empty()) text_ += "\n  at " + line;
  if (!module_path_.empty()) text_ += "\n  in module " + module_path_;
}

void throw_error(std::string message) { throw Error(std::move(message)); }

}  // namespace ebb
