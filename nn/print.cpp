#include <cstdlib>
#include <memory>
#include <ostream>
#include <typeinfo>

#include <cxxabi.h>

#include "ebb/nn/module.h"

namespace ebb::nn {

std::string Module::kind() const {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(
      abi::__cxa_demangle(typeid(*this).name(), nullptr, nullptr, &status), std::free);
  const std::string full = status == 0 ? name.get() : typeid(*this).name();
  const std::size_t colon = full.rfind(':');
  return colon == std::string::npos ? full : full.substr(colon + 1);
}

namespace {

/// `count` equal children in a row.
struct Run {
  std::string first, last, text;
  int count;
};

std::vector<Run> printed_children(const Module& module) {
  std::vector<Run> runs;
  module.each_slot([&](Slot& slot) {
    if (slot.child() == nullptr) return;
    const std::string text = to_string(*slot.child());
    if (module.folds_repeats() && !runs.empty() && runs.back().text == text) {
      runs.back().last = slot.name();
      ++runs.back().count;
    } else {
      runs.push_back({slot.name(), slot.name(), text, 1});
    }
  });
  return runs;
}

/// With two columns before each line.
std::string indented(const std::string& text) {
  std::string result = "  ";
  for (const char c : text) result += c == '\n' ? "\n  " : std::string(1, c);
  return result;
}

}  // namespace

std::string to_string(const Module& module) {
  const std::string extra = module.extra_repr();
  const auto runs = printed_children(module);
  if (runs.empty() && extra.find('\n') == std::string::npos) return module.kind() + "(" + extra + ")";
  std::string text = module.kind() + "(\n";
  if (!extra.empty()) text += indented(extra) + "\n";
  for (const auto& [first, last, child, count] : runs) {
    const bool is_single = count == 1;
    text += indented("(" + (is_single ? first : first + "-" + last) +
                     "): " + (is_single ? "" : std::to_string(count) + " x ") + child) +
            "\n";
  }
  return text + ")";
}

std::ostream& operator<<(std::ostream& out, const Module& module) { return out << to_string(module); }

}  // namespace ebb::nn
