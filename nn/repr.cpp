#include "ebb/nn/repr.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "ebb/autograd/ops/conv/conv.h"

namespace ebb::nn {

std::string repr(bool value) { return value ? "True" : "False"; }

std::string repr(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  const double magnitude = std::fabs(value);
  const bool exponent = magnitude != 0 && (magnitude < 1e-4 || magnitude >= 1e16);
  std::array<char, 64> text;
  const auto format = exponent ? std::chars_format::scientific : std::chars_format::fixed;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, format).ptr;
  std::string digits(text.data(), end);
  if (!exponent && digits.find('.') == std::string::npos) digits += ".0";
  return digits;
}

std::string repr(const Dims& values) {
  std::string text;
  for (const std::int64_t value : values) text += (text.empty() ? "" : ", ") + std::to_string(value);
  return "(" + text + (values.size() == 1 ? ",)" : ")");
}

std::string repr_short(const Dims& values) {
  const bool all_equal = std::ranges::all_of(values, [&](std::int64_t value) { return value == values[0]; });
  return all_equal && !values.empty() ? std::to_string(values[0]) : repr(values);
}

std::string repr_short(const Size2& values) { return repr_short(Dims{values.height, values.width}); }

std::string quoted(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "\"" : ", \"") + name + "\"";
  return text;
}

}  // namespace ebb::nn
