#include "apps/bench/report/numbers.h"

#include <array>
#include <cmath>
#include <cstdarg>
#include <cstdio>

namespace ebb::bench {

std::string formatted(const char* format, ...) {
  std::array<char, 512> text{};
  std::va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text.data(), text.size(), format, arguments);
  va_end(arguments);
  return text.data();
}

std::string three_digits(double value) {
  if (value == 0 || !std::isfinite(value)) return formatted("%g", value);
  const int before = static_cast<int>(std::floor(std::log10(std::fabs(value)))) + 1;
  if (before > 3) return formatted("%.0f", value);
  return before < -3 ? formatted("%.2e", value) : formatted("%.*f", 3 - before, value);
}

std::string with_unit(double value, const char* unit) {
  constexpr std::array<const char*, 5> prefixes{"", "k", "M", "G", "T"};
  std::size_t prefix = 0;
  for (; value >= 999.5 && prefix + 1 < prefixes.size(); ++prefix) value /= 1000;
  return (prefix == 0 ? formatted("%g", value) : three_digits(value)) + " " + prefixes[prefix] + unit;
}

static bool is_counted(const Row& row) { return row.work.flops > 0 || row.work.bytes(row.dtype) > 0; }

Rates rates_of(const Row& row, const Timing& timing, const Ceilings& ceilings) {
  if (timing.median <= 0 || !is_counted(row)) return {};
  const Bound bound = bound_of(row.work, row.dtype, ceilings.flops, ceilings.bandwidth);
  return {.gb_per_s = row.work.bytes(row.dtype) / timing.median * 1e-9,
          .tflop_per_s = row.work.flops / timing.median * 1e-12,
          .share = bound.seconds / timing.median};
}

std::string bound_name(const Row& row, const Ceilings& ceilings) {
  if (!is_counted(row)) return "";
  return bound_of(row.work, row.dtype, ceilings.flops, ceilings.bandwidth).is_compute ? "compute" : "memory";
}

}  // namespace ebb::bench
