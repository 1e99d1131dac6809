#include "apps/bench/report/table.h"

#include <cmath>

#include "apps/bench/report/numbers.h"

namespace ebb::bench {
namespace {

std::string milliseconds(double seconds) { return three_digits(seconds * 1e3); }

/// "0.013", "1.23", "12.3" or "123".
std::string short_text(double ratio) {
  return formatted(ratio < 0.1 ? "%.3f" : ratio < 9.995 ? "%.2f" : ratio < 99.95 ? "%.1f" : "%.0f", ratio);
}

/// "1.23 [1.20, 1.27]"
std::string ratio_text(const Ratio& ratio) {
  if (ratio.value == 0) return "-";
  return short_text(ratio.value) + " [" + short_text(ratio.interval.low) + ", " + short_text(ratio.interval.high) + "]";
}

std::string entry_text(const Row& row, const Entry& entry, const Ceilings& ceilings) {
  const std::string name = formatted(" %c %-16s", entry.is_chosen ? '*' : ' ', entry.name.c_str());
  const Rates rates = rates_of(row, entry.cold, ceilings);
  const std::string spread = milliseconds(entry.cold.p10) + "-" + milliseconds(entry.cold.p90);
  const std::string gb = rates.gb_per_s > 0 ? three_digits(rates.gb_per_s) : "-",
                    gflop = rates.tflop_per_s > 0 ? three_digits(rates.tflop_per_s * 1e3) : "-",
                    share = rates.share > 0 ? formatted("%.0f %%", rates.share * 100) : "-";
  const long dropped = entry.throttled + entry.cold.outliers + entry.hot.outliers;
  const std::size_t samples = all_of(entry.cold.rounds).size();
  return name +
         formatted("%8s %15s %8s %7s %8s %7s  %-21s %-21s %8.1e %4zu", milliseconds(entry.cold.median).c_str(),
                   spread.c_str(), milliseconds(entry.hot.median).c_str(), gb.c_str(), gflop.c_str(), share.c_str(),
                   ratio_text(entry.cold.ratio).c_str(), ratio_text(entry.hot.ratio).c_str(), entry.error, samples) +
         (dropped > 0 ? formatted(" (%ld)", dropped) : "") + "\n";
}

/// "   refused: depthwise (a group has several channels); plain (...)"
std::string remarks_text(const char* what, const std::vector<Entry>& entries, std::string Entry::*remark) {
  std::string text;
  for (const Entry& entry : entries) {
    if (!(entry.*remark).empty()) text += (text.empty() ? "" : "; ") + entry.name + " (" + entry.*remark + ")";
  }
  return text.empty() ? "" : std::string("   ") + what + ": " + text + "\n";
}

std::string record_text(const Record& record) {
  return formatted("  %-18s %3d faster, %3d slower, %3d alike; geometric mean %s, worst %s: ", record.name.c_str(),
                   record.wins, record.losses, record.ties, short_text(record.mean_ratio).c_str(),
                   short_text(record.worst_ratio).c_str()) +
         record.worst_row + "\n";
}

int count_wrong(const std::vector<Row>& rows) {
  int count = 0;
  for (const Row& row : rows) {
    for (const Entry& entry : row.entries) count += entry.is_wrong() ? 1 : 0;
  }
  return count;
}

std::string noise_text(const Noise& noise, bool is_of_gpu) {
  if (!noise.is_most()) return "";
  const char* remedy = is_of_gpu
                           ? "the GPU was throttled; `nvidia-smi -q -d PERFORMANCE` says why\n"
                           : "cores were throttled, or busy with another program; measure again on a quiet machine, or "
                             "with fewer --threads\n";
  return formatted("note: in %ld of %ld samples ", noise.throttled, noise.samples) + remedy;
}

}  // namespace

std::string header_text(const Result& result) {
  std::string text = formatted("ebb bench on %s, %d threads, %s; ceilings %s and %s\n", result.device.c_str(),
                               result.threads, result.math.c_str(), with_unit(result.ceilings.flops, "FLOP/s").c_str(),
                               with_unit(result.ceilings.bandwidth, "B/s").c_str());
  text += formatted("inputs normal(0, 1) of seed %llu; %d rounds of up to %d samples, contestants in turn",
                    static_cast<unsigned long long>(result.seed), result.rounds, result.samples);
  for (const auto& [name, version] : result.libraries) text += "; " + name + " " + version;
  return text + "\n\n";
}

std::string columns_text() {
  return formatted("   %-16s%8s %15s %8s %7s %8s %7s  %-21s %-21s %8s %s\n", "", "cold ms", "p10-p90", "hot ms", "GB/s",
                   "GFLOP/s", "ceiling", "best other, cold", "best other, hot", "error", "samples (dropped)");
}

std::string row_text(const Row& row, const Ceilings& ceilings) {
  std::string text = row.name();
  if (row.layers > 0) text += formatted(" (%d layers)", row.layers);
  const std::string bound = bound_name(row, ceilings);
  if (!bound.empty()) {
    const double least = bound_of(row.work, row.dtype, ceilings.flops, ceilings.bandwidth).seconds;
    const std::string flop = row.work.flops > 0 ? with_unit(row.work.flops, "FLOP") + ", " : "";
    text += ": " + flop + with_unit(row.work.bytes(row.dtype), "B") + ", bound by " + bound + ": " +
            milliseconds(least) + " ms";
  }
  text += "\n";
  for (const Entry& entry : row.entries) {
    if (entry.refusal.empty()) text += entry_text(row, entry, ceilings);
  }
  const bool is_step = row.family == "step";  // a network has dozens of plans
  return text + (is_step ? "" : remarks_text("by", row.entries, &Entry::plan)) +
         remarks_text("refused", row.entries, &Entry::refusal);
}

std::string summary_text(const Result& result) {
  std::string text = "Times of the best of the others over one's own, cold (above 1: faster than all others)\n";
  for (const Record& record : records_of(result.rows)) text += record_text(record);
  const Record own = own_record_of(result.rows, result.seed);
  if (own.wins + own.losses + own.ties > 0) {
    text += "The fastest of ebb's own kernels against the fastest of other libraries\n" + record_text(own);
  }
  const ChoiceRecord choices = choices_of(result.rows);
  if (choices.choices > 0) {
    text += formatted("ebb's choice was the fastest implementation in %d of %d rows", choices.best, choices.choices);
    if (choices.worst > 1) {
      text += formatted("; at worst it took %.2f times as long as ", choices.worst) + choices.better + ": " +
              choices.worst_row;
    }
    text += "\n";
  }
  text += noise_text(noise_of(result.rows), result.device != "cpu");
  if (const int wrong = count_wrong(result.rows)) {
    text += formatted("%d contestants were WRONG and not timed; see above\n", wrong);
  }
  return text;
}

}  // namespace ebb::bench
