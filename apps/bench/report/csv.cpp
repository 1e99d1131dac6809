#include "apps/bench/report/json.h"
#include "apps/bench/report/numbers.h"

namespace ebb::bench {
namespace {

/// In quotes, which are doubled inside.
std::string quoted(const std::string& text) {
  std::string made = "\"";
  for (const char c : text) made += c == '"' ? std::string("\"\"") : std::string(1, c);
  return made + "\"";
}

std::string line(const Result& result, const Row& row, const Entry& entry, const char* cache, const Timing& timing) {
  const Rates rates = rates_of(row, timing, result.ceilings);
  const std::string who = quoted(row.op) + "," + quoted(row.sizes) + "," + row.pass + "," + row.layout + "," +
                          to_string(row.dtype) + "," + quoted(entry.name) + "," + cache + "," +
                          (entry.is_chosen ? "1" : "0");
  if (!entry.refusal.empty()) return who + ",,,,,,,,,,,,,,,," + quoted(entry.refusal) + "\n";
  return who +
         formatted(",%.9g,%.9g,%.9g,%zu,%ld,%.6g,%.6g,%.6g,%s,%.6g,%.6g,%.6g,%.3g,", timing.median * 1e6,
                   timing.p10 * 1e6, timing.p90 * 1e6, all_of(timing.rounds).size(), timing.outliers, rates.gb_per_s,
                   rates.tflop_per_s, rates.share, bound_name(row, result.ceilings).c_str(), timing.ratio.value,
                   timing.ratio.interval.low, timing.ratio.interval.high, entry.error) +
         (entry.clock > 0 ? formatted("%.3g,", entry.clock) : ",") + (entry.plan.empty() ? "" : quoted(entry.plan)) +
         ",\n";
}

}  // namespace

std::string to_csv(const Result& result) {
  std::string text =
      "op,sizes,pass,layout,dtype,contestant,cache,chosen,median_us,p10_us,p90_us,samples,outliers,gb_per_s,"
      "tflop_per_s,share_of_ceiling,bound,ratio,ratio_low,ratio_high,error,clock,plan,refused\n";
  for (const Row& row : result.rows) {
    for (const Entry& entry : row.entries) {
      text += line(result, row, entry, "cold", entry.cold);
      if (entry.refusal.empty()) text += line(result, row, entry, "hot", entry.hot);
    }
  }
  return text;
}

}  // namespace ebb::bench
