#include "apps/bench/report/compare.h"

#include <algorithm>
#include <cmath>

#include "ebb/core/error.h"

#include "apps/bench/report/numbers.h"

namespace ebb::bench {
namespace {

const Row* find_row(const Result& result, const std::string& name) {
  const auto row = std::ranges::find_if(result.rows, [&](const Row& r) { return r.name() == name; });
  return row == result.rows.end() ? nullptr : &*row;
}

const Entry* find_entry(const Row& row, const std::string& name) {
  const auto entry = std::ranges::find(row.entries, name, &Entry::name);
  return entry == row.entries.end() ? nullptr : &*entry;
}

Change change_of(const Timing& before, const Timing& after, double tolerance, std::uint64_t seed) {
  const auto [ratio, interval] = ratio_of(after.rounds, before.rounds, seed);
  Change change{.name = {}, .ratio = ratio, .interval = interval};
  change.is_beyond = change.ratio > 1 + tolerance || change.ratio < 1 / (1 + tolerance);
  change.is_real = change.is_beyond && !overlap(before.interval, after.interval);
  return change;
}

void add_changes(const std::string& name, const Entry& before, const Entry& after, double tolerance, std::uint64_t seed,
                 std::vector<Change>& changes) {
  for (const auto& [cache, timing] : {std::pair("cold", &Entry::cold), std::pair("hot", &Entry::hot)}) {
    Change change = change_of(before.*timing, after.*timing, tolerance, seed);
    change.name = name + ", " + cache;
    change.is_external = before.is_external;
    changes.push_back(change);
  }
}

std::vector<std::string> differences_of(const Result& before, const Result& after) {
  std::vector<std::string> differences;
  const auto differ = [&](const std::string& what, const std::string& a, const std::string& b) {
    if (a != b) differences.push_back(what + ": " + a + " before, " + b + " after");
  };
  differ("device", before.device, after.device);
  differ("threads", std::to_string(before.threads), std::to_string(after.threads));
  differ("arithmetic", before.math, after.math);
  differ("seed", std::to_string(before.seed), std::to_string(after.seed));
  const auto differ_much = [&](const std::string& what, double a, double b) {
    if (std::fabs(b / a - 1) > 0.1) differences.push_back(what + formatted(": %.3g before, %.3g after", a, b));
  };
  differ_much("ceiling of TFLOP/s", before.ceilings.flops * 1e-12, after.ceilings.flops * 1e-12);
  differ_much("ceiling of GB/s", before.ceilings.bandwidth * 1e-9, after.ceilings.bandwidth * 1e-9);
  for (const auto& [which, result] : {std::pair("first", &before), std::pair("second", &after)}) {
    if (noise_of(result->rows).is_most()) {
      differences.push_back(
          std::string("in most samples of the ") + which + " file " +
          (result->device == "cpu" ? "cores were throttled, or busy with another program" : "the GPU was throttled"));
    }
  }
  return differences;
}

std::string lines(const std::vector<std::string>& names, const char* what) {
  std::string text;
  for (const std::string& name : names) text += std::string(what) + name + "\n";
  return text;
}

std::string change_text(const Change& change) {
  const char* verdict = change.is_real     ? (change.ratio > 1 ? "SLOWER" : "faster")
                        : change.is_beyond ? "unsure"
                                           : "alike";
  return formatted("%-7s %5.2f [%.2f, %.2f]  ", verdict, change.ratio, change.interval.low, change.interval.high) +
         change.name + (change.is_external ? " (does not count: another library)" : "") + "\n";
}

}  // namespace

bool Comparison::has_regressed() const {
  const auto is_slower = [](const Change& c) { return c.is_real && c.ratio > 1 && !c.is_external; };
  return !lost.empty() || std::ranges::any_of(changes, is_slower);
}

Comparison compare(const Result& before, const Result& after, double tolerance) {
  check(tolerance >= 0 && std::isfinite(tolerance), "--tolerance must not be negative, got ", tolerance);
  Comparison comparison;
  comparison.differences = differences_of(before, after);
  for (const Row& row : before.rows) {
    const Row* other = find_row(after, row.name());
    for (const Entry& entry : row.entries) {
      if (!entry.was_timed()) continue;
      const std::string name = row.name() + ", " + entry.name;
      const Entry* now = other == nullptr ? nullptr : find_entry(*other, entry.name);
      if (now == nullptr) {
        comparison.missing.push_back(name);
      } else if (!now->was_timed()) {
        if (!entry.is_external) comparison.lost.push_back(name + ": " + now->refusal);
      } else {
        add_changes(name, entry, *now, tolerance, before.seed, comparison.changes);
      }
    }
  }
  for (const Row& row : after.rows) {
    if (find_row(before, row.name()) == nullptr) comparison.added.push_back(row.name());
  }
  check(!comparison.changes.empty() || !comparison.lost.empty(),
        "the files have no contestant of any case in common, so nothing can be compared");
  return comparison;
}

std::string to_text(const Comparison& comparison, double tolerance, bool all) {
  std::string text = lines(comparison.differences, "note: other conditions: ");
  text += formatted(
      "Time after over time before, with its 95 %% interval; slower or faster: by more than %g %%; unsure: the "
      "intervals of the medians overlap\n",
      tolerance * 100);
  std::vector<Change> changes = comparison.changes;
  std::ranges::stable_sort(changes, [](const Change& a, const Change& b) {
    return std::pair(a.is_real, a.ratio) > std::pair(b.is_real, b.ratio);
  });
  int slower = 0, faster = 0;
  for (const Change& change : changes) {
    if (all || change.is_beyond) text += change_text(change);
    slower += change.is_real && change.ratio > 1 ? 1 : 0;
    faster += change.is_real && change.ratio < 1 ? 1 : 0;
  }
  text += lines(comparison.lost, "LOST    timed before, refused now: ") +
          lines(comparison.missing, "missing in the second file: ") +
          lines(comparison.added, "only in the second file: ");
  return text + formatted("%d slower, %d faster, %zu alike, %zu lost, %zu missing\n", slower, faster,
                          changes.size() - static_cast<std::size_t>(slower + faster), comparison.lost.size(),
                          comparison.missing.size());
}

}  // namespace ebb::bench
