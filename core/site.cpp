#include "ebb/core/site.h"

#include <cstring>

#include "ebb/core/op_times.h"

namespace ebb {

static thread_local const OpScope* innermost = nullptr;

std::string to_string(Site site) {
  if (site.line == 0) return "";
  const char* slash = std::strrchr(site.file, '/');
  return std::string(slash != nullptr ? slash + 1 : site.file) + ":" + std::to_string(site.line);
}

OpScope::OpScope(const char* name, Site site)
    : name_(name), site_(innermost != nullptr ? innermost->site_ : site), outer_(innermost) {
  innermost = this;
  if (OpTimes* times = OpTimes::on_this_thread()) times->enter(name);
}

OpScope::~OpScope() {
  innermost = outer_;
  if (OpTimes* times = OpTimes::on_this_thread()) times->leave();
}

const char* OpScope::name() { return innermost != nullptr ? innermost->name_ : ""; }

const char* OpScope::outermost() {
  const char* name = "";
  for (const OpScope* scope = innermost; scope != nullptr; scope = scope->outer_) {
    if (*scope->name_ != '\0') name = scope->name_;
  }
  return name;
}

Site OpScope::site() { return innermost != nullptr ? innermost->site_ : Site{}; }

std::string OpScope::path() {
  std::string path;
  for (const OpScope* scope = innermost; scope != nullptr; scope = scope->outer_) {
    const bool repeated = scope->outer_ != nullptr && std::strcmp(scope->name_, scope->outer_->name_) == 0;
    if (repeated || *scope->name_ == '\0') continue;
    path = path.empty() ? scope->name_ : std::string(scope->name_) + " > " + path;
  }
  return path;
}

}  // namespace ebb
