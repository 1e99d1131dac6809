#include "ebb/kernels/choice.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

#include "ebb/core/warning.h"

namespace ebb::kernels {
namespace {

using Preferences = std::vector<std::pair<std::string, std::string>>;  // operations, and names

Preferences preferences_from_environment() {
  Preferences found;
  const char* text = std::getenv("EBB_PREFER");
  std::string_view rest = text == nullptr ? "" : text;
  while (!rest.empty()) {
    const std::string_view entry = rest.substr(0, rest.find(','));
    const std::size_t equals = entry.find('=');
    check(equals != std::string_view::npos && equals > 0 && equals + 1 < entry.size(),
          "EBB_PREFER must be like conv2d=im2col,bmm=eigen, got ", text);
    found.emplace_back(entry.substr(0, equals), entry.substr(equals + 1));
    rest.remove_prefix(std::min(entry.size() + 1, rest.size()));
  }
  return found;
}

}  // namespace

thread_local const ForceImplementation* ForceImplementation::innermost = nullptr;
thread_local ChoiceLog* ChoiceLog::active = nullptr;

void ChoiceLog::add(const Candidate& candidate) { candidates_.push_back(candidate); }

const char* ForceImplementation::of(const char* operation) {
  for (const ForceImplementation* force = innermost; force != nullptr; force = force->outer_) {
    if (std::strcmp(force->operation_, operation) == 0) return force->name_;
  }
  return nullptr;
}

const char* preferred(const char* operation) {
  static const Preferences preferences = preferences_from_environment();
  for (const auto& [of, name] : preferences) {
    if (of == operation) return name.c_str();
  }
  return nullptr;
}

void detail::warn_of_preference(const char* operation, const std::string& names) {
  warn(std::string("EBB_PREFER: ") + operation + " has no implementation \"" + preferred(operation) +
       "\" on this device; it has " + names);
}

void detail::fail_forced(const char* operation, const char* name, const char* refusal) {
  fail(operation, ": the implementation \"", name, "\" is forced, but ", refusal);
}

void detail::fail_to_choose(const char* operation, const std::string& reason) { fail(operation, ": ", reason); }

}  // namespace ebb::kernels
