#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

#include "ebb/core/site.h"

namespace ebb {

/// What every failure of ebb throws. `what()` reads "op: what must hold, what was given, the likely fix", then the
/// line of the program that called the op and, inside a module, the module's path.
class Error : public std::runtime_error {
 public:
  explicit Error(std::string message);

  const char* what() const noexcept override { return text_.c_str(); }

  const std::string& op() const { return op_; }                    ///< "conv2d"; empty outside of an op
  const std::string& message() const { return message_; }          ///< what must hold and what was given
  const std::string& module_path() const { return module_path_; }  ///< "layer1.0"; empty outside of a module
  Site site() const { return site_; }

  /// Called by each module that the error leaves, innermost first.
  void add_module(const std::string& name);

 private:
  void compose();

  std::string op_, message_, module_path_;
  Site site_;
  std::string text_;
};

[[noreturn]] void throw_error(std::string message);

/// Throws an Error whose message is the parts, one after the other.
template <class... Parts>
[[noreturn]] void fail(const Parts&... parts) {
  std::ostringstream message;
  (message << ... << parts);
  throw_error(message.str());
}

/// `fail(parts...)` unless `ok`. The parts are evaluated either way: pass values, not computed strings.
template <class... Parts>
void check(bool ok, const Parts&... parts) {
  if (!ok) [[unlikely]] {
    fail(parts...);
  }
}

}  // namespace ebb
