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

constinit thread_local const OpScope* OpScope::current_ = nullptr;
constinit thread_local OpTimes* OpScope::times_ = nullptr;

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

[[gnu::cold, gnu::noinline]] static bool learn(const char* file, std::atomic<std::uintptr_t>& slot) {
  const bool is_ours = lies_in_ebb(file);
  slot.store(reinterpret_cast<std::uintptr_t>(file) << 1 | (is_ours ? 1 : 0), std::memory_order_relaxed);
  return is_ours;
}

bool is_of_ebb(const char* file) {
  // Names of files are literals: their addresses stand for them, shifted by a bit that says whose they are.
  static constinit std::array<std::atomic<std::uintptr_t>, 256> all_known{};
  const auto address = reinterpret_cast<std::uintptr_t>(file);
  std::atomic<std::uintptr_t>& slot = all_known[(address >> 3) % all_known.size()];
  const std::uintptr_t known = slot.load(std::memory_order_relaxed);
  return known >> 1 == address ? (known & 1) != 0 : learn(file, slot);
}

void OpScope::begin_time() const { times_->enter(name_); }
void OpScope::end_time() { times_->leave(); }

OpScope::Lent::Lent(const OpScope* innermost) { current_ = innermost; }
OpScope::Lent::~Lent() { current_ = nullptr; }

const char* OpScope::outermost() {
  const char* name = "";
  for (const OpScope* scope = current_; scope != nullptr; scope = scope->outer_) {
    if (*scope->name_ != '\0') name = scope->name_;
  }
  return name;
}

Site OpScope::site() {
  for (const OpScope* scope = current_; scope != nullptr; scope = scope->outer_) {
    if (scope->site_.line != 0 && !is_of_ebb(scope->site_.file)) return scope->site_;
  }
  return {};
}

std::string OpScope::path() {
  std::string path;
  for (const OpScope* scope = current_; scope != nullptr; scope = scope->outer_) {
    const bool repeated = scope->outer_ != nullptr && std::strcmp(scope->name_, scope->outer_->name_) == 0;
    if (repeated || *scope->name_ == '\0') continue;
    path = path.empty() ? scope->name_ : std::string(scope->name_) + " > " + path;
  }
  return path;
}

}  // namespace ebb
