#include "apps/bench/result.h"

#include <algorithm>
#include <map>

namespace ebb::bench {
namespace {

constexpr double tie = 1.02;

void summarise(Timing& timing, std::uint64_t seed) {
  timing.outliers = drop_outliers(timing.rounds);
  const std::vector<double> seconds = all_of(timing.rounds);
  if (seconds.empty()) return;
  timing.median = percentile(seconds, 50);
  timing.p10 = percentile(seconds, 10);
  timing.p90 = percentile(seconds, 90);
  timing.interval = median_interval(timing.rounds, seed);
}

void compare_with_others(std::vector<Entry>& entries, Timing Entry::*caches, std::uint64_t seed) {
  for (Entry& entry : entries) {
    const Entry* best = nullptr;
    for (const Entry& other : entries) {
      if (&other == &entry || (other.*caches).median == 0) continue;
      if (best == nullptr || (other.*caches).median < (best->*caches).median) best = &other;
    }
    Timing& own = entry.*caches;
    if (best == nullptr || own.median == 0) continue;
    own.ratio = paired_ratio_of((best->*caches).rounds, own.rounds, seed);
  }
}

void count(Record& record, const Ratio& ratio, const std::string& row) {
  const bool is_tie = ratio.interval.contains(1) || (ratio.value < tie && ratio.value > 1 / tie);
  ++(is_tie ? record.ties : ratio.value > 1 ? record.wins : record.losses);
  if (record.worst_row.empty() || ratio.value < record.worst_ratio) {
    record.worst_ratio = ratio.value;
    record.worst_row = row;
  }
}

}  // namespace

std::string Row::name() const {
  return op + " " + sizes + " " + pass + (layout.empty() ? "" : " " + layout) + " " + to_string(dtype);
}

std::optional<DType> dtype_named(const std::string& name) {
  for (const DType dtype : {kFloat32, kFloat64, kFloat16, kBFloat16}) {
    if (name == to_string(dtype)) return dtype;
  }
  return {};
}

void evaluate(Row& row, std::uint64_t seed) {
  for (Entry& entry : row.entries) {
    summarise(entry.cold, seed);
    summarise(entry.hot, seed);
  }
  compare_with_others(row.entries, &Entry::cold, seed);
  compare_with_others(row.entries, &Entry::hot, seed);
}

std::vector<Record> records_of(const std::vector<Row>& rows) {
  std::vector<Record> records;
  std::map<std::string, std::vector<double>> ratios;
  for (const Row& row : rows) {
    for (const Entry& entry : row.entries) {
      if (!entry.was_timed() || entry.cold.ratio.value == 0) continue;
      auto known = std::ranges::find(records, entry.name, &Record::name);
      if (known == records.end()) {
        records.push_back({.name = entry.name});
        known = records.end() - 1;
      }
      count(*known, entry.cold.ratio, row.name());
      ratios[entry.name].push_back(entry.cold.ratio.value);
    }
  }
  for (Record& record : records) record.mean_ratio = geometric_mean(ratios.at(record.name));
  return records;
}

Record own_record_of(const std::vector<Row>& rows, std::uint64_t seed) {
  Record record{.name = "ebb's own kernels"};
  std::vector<double> ratios;
  for (const Row& row : rows) {
    const Entry *own = nullptr, *other = nullptr;
    for (const Entry& entry : row.entries) {
      const Entry*& best = entry.is_own ? own : other;
      if (entry.was_timed() && (best == nullptr || entry.cold.median < best->cold.median)) best = &entry;
    }
    if (own == nullptr || other == nullptr) continue;
    const Ratio ratio = paired_ratio_of(other->cold.rounds, own->cold.rounds, seed);
    count(record, ratio, row.name() + " (" + own->name + ", " + other->name + ")");
    ratios.push_back(ratio.value);
  }
  if (!ratios.empty()) record.mean_ratio = geometric_mean(ratios);
  return record;
}

Noise noise_of(const std::vector<Row>& rows) {
  Noise noise;
  for (const Row& row : rows) {
    for (const Entry& entry : row.entries) {
      noise.throttled += entry.throttled;
      noise.samples += entry.throttled;
      for (const Timing* timing : {&entry.cold, &entry.hot}) {
        noise.samples += static_cast<long>(all_of(timing->rounds).size());
      }
    }
  }
  return noise;
}

ChoiceRecord choices_of(const std::vector<Row>& rows) {
  ChoiceRecord record;
  for (const Row& row : rows) {
    const Entry *chosen = nullptr, *best = nullptr;
    int named = 0;
    for (const Entry& entry : row.entries) {
      if (!entry.was_timed() || entry.is_external) continue;
      ++named;
      if (entry.is_chosen) chosen = &entry;
      if (best == nullptr || entry.cold.median < best->cold.median) best = &entry;
    }
    if (chosen == nullptr || named < 2) continue;
    const double ratio = chosen->cold.median / best->cold.median;
    ++record.choices;
    record.best += ratio < tie ? 1 : 0;
    if (ratio > record.worst) {
      record.worst = ratio;
      record.worst_row = row.name();
      record.better = best->name;
    }
  }
  return record;
}

}  // namespace ebb::bench
