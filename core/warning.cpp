#include "ebb/core/warning.h"

#include <cstdio>
#include <mutex>
#include <set>
#include <utility>

#include "ebb/core/site.h"

namespace ebb {
namespace {

struct Warnings {
  std::mutex mutex;
  WarningHandler handler;
  std::set<std::string> given;
};

Warnings& warnings() {
  static Warnings all;
  return all;
}

}  // namespace

WarningHandler set_warning_handler(WarningHandler handler) {
  Warnings& all = warnings();
  const std::lock_guard lock(all.mutex);
  std::swap(all.handler, handler);
  return handler;
}

void warn(const std::string& message) {
  const std::string op = OpScope::path(), line = to_string(OpScope::site());
  const std::string text = (op.empty() ? "" : op + ": ") + message + (line.empty() ? "" : " (" + line + ")");
  WarningHandler handler;
  {
    Warnings& all = warnings();
    const std::lock_guard lock(all.mutex);
    if (!all.given.insert(text).second) return;
    handler = all.handler;
  }
  if (handler) return handler(text);
  std::fprintf(stderr, "ebb warning: %s\n", text.c_str());
}

}  // namespace ebb
