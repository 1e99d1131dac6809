#include "apps/options/numbers.h"

#include <charconv>
#include <cmath>
#include <string>
#include <system_error>

namespace ebb::apps {
namespace {

bool are_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string range_text(std::uint64_t least, std::uint64_t most) {
  if (most >= std::numeric_limits<std::int64_t>::max()) return "at least " + std::to_string(least);
  return std::to_string(least) + " to " + std::to_string(most);
}

std::string refusal_of(const std::string& text, std::uint64_t least, std::uint64_t most) {
  const bool is_negative = text.starts_with('-') && are_digits(std::string_view(text).substr(1));
  if (!is_negative && !are_digits(text)) return "must be a whole number, got " + text;
  std::uint64_t value = 0;
  const auto status = std::from_chars(text.data(), text.data() + text.size(), value).ec;
  if (is_negative || (status == std::errc() && value < least)) {
    return "must be at least " + std::to_string(least) + ", got " + text;
  }
  if (status != std::errc() || value > most) return "must be at most " + std::to_string(most) + ", got " + text;
  return "";
}

/// A finite number that `is_allowed`.
CLI::Validator number(const std::string& what, bool (*is_allowed)(double)) {
  const auto refusal = [what, is_allowed](const std::string& text) -> std::string {
    double value = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, status] = std::from_chars(text.data(), end, value);
    const bool is_number = status == std::errc() && rest == end && std::isfinite(value);
    return is_number && is_allowed(value) ? "" : "must be a finite number " + what + ", got " + text;
  };
  return {refusal, what};
}

}  // namespace

CLI::Validator whole_number(std::uint64_t least, std::uint64_t most) {
  const auto take = [least, most](std::string& text) {
    std::string refusal = refusal_of(text, least, most);
    if (refusal.empty()) text.erase(0, std::min(text.find_first_not_of('0'), text.size() - 1));  // 010 would be octal
    return refusal;
  };
  return {take, range_text(least, most)};
}

CLI::Validator positive_number() {
  return number("above 0", [](double value) { return value > 0; });
}

CLI::Validator number_from_0() {
  return number("from 0 on", [](double value) { return value >= 0; });
}

void refuse_empty(CLI::App& command) {
  for (CLI::Option* option : command.get_options()) {
    if (option->get_items_expected_max() == 0) continue;  // a flag
    const auto refusal = [](const std::string& text) { return std::string(text.empty() ? "must not be empty" : ""); };
    option->transform(CLI::Validator(refusal, ""));  // before its other checks
  }
  for (CLI::App* subcommand : command.get_subcommands([](const CLI::App*) { return true; })) refuse_empty(*subcommand);
}

}  // namespace ebb::apps
