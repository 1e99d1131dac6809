#include "ebb/core/site.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "ebb/core/op_times.h"

namespace ebb {

static thread_local const OpScope* current = nullptr;

std::string to_string(Site site) {
  if (site.line == 0) return "";
  const char* slash = std::strrchr(site.file, '/');
  return std::string(slash != nullptr ? slash + 1 : site.file) + ":" + std::to_string(site.line);
}

static bool starts_with_floor(std::string_view path) {
  constexpr std::string_view floors[] = {"core/", "comm/", "kernels/", "autograd/", "nn/", "io/", "data/", "interop/"};
  return std::ranges::any_of(floors, [&](std::string_view floor) { return path.starts_with(floor); });
}

static bool lies_in_ebb(std::string_view file) {
  constexpr std::string_view this_file = __FILE__, headers = "/ebb/";
  static_assert(this_file.ends_with("core/site.cpp"));
  constexpr std::string_view root = this_file.substr(0, this_file.size() - std::string_view("core/site.cpp").size());
  for (const std::string_view prefix :
       {root, std::string_view("../")}) {  // "../" where files are not compiled together
    if (file.starts_with(prefix) && starts_with_floor(file.substr(prefix.size()))) return true;
  }
  const auto at = file.rfind(headers);
  return at != file.npos && starts_with_floor(file.substr(at + headers.size()));
}

bool is_of_ebb(const char* file) {
  // Names of files are literals: their addresses stand for them.
  static constinit std::array<std::atomic<const char*>, 256> known_ours{}, known_others{};
  const std::size_t slot = (reinterpret_cast<std::uintptr_t>(file) >> 3) % known_ours.size();
  if (known_ours[slot].load(std::memory_order_relaxed) == file) return true;
  if (known_others[slot].load(std::memory_order_relaxed) == file) return false;
  const bool is_ours = lies_in_ebb(file);
  (is_ours ? known_ours : known_others)[slot].store(file, std::memory_order_relaxed);
  return is_ours;
}

/// `site` where it is a user's line.
static Site innermost_outside(Site site, const OpScope* outer, Site outer_site) {
  if (site.line != 0 && !is_of_ebb(site.file)) return site;
  return outer != nullptr ? outer_site : Site{};
}

OpScope::OpScope(const char* name, Site site)
    : name_(name),
      site_(innermost_outside(site, current, current != nullptr ? current->site_ : Site{})),
      outer_(current) {
  current = this;
  if (OpTimes* times = OpTimes::on_this_thread()) times->enter(name);
}

OpScope::~OpScope() {
  current = outer_;
  if (OpTimes* times = OpTimes::on_this_thread()) times->leave();
}

OpScope::Lent::Lent(const OpScope* innermost) { current = innermost; }
OpScope::Lent::~Lent() { current = nullptr; }

const OpScope* OpScope::innermost() { return current; }

const char* OpScope::name() { return current != nullptr ? current->name_ : ""; }

const char* OpScope::outermost() {
  const char* name = "";
  for (const OpScope* scope = current; scope != nullptr; scope = scope->outer_) {
    if (*scope->name_ != '\0') name = scope->name_;
  }
  return name;
}

Site OpScope::site() { return current != nullptr ? current->site_ : Site{}; }

std::string OpScope::path() {
  std::string path;
  for (const OpScope* scope = current; scope != nullptr; scope = scope->outer_) {
    const bool repeated = scope->outer_ != nullptr && std::strcmp(scope->name_, scope->outer_->name_) == 0;
    if (repeated || *scope->name_ == '\0') continue;
    path = path.empty() ? scope->name_ : std::string(scope->name_) + " > " + path;
  }
  return path;
}

}  // namespace ebb
