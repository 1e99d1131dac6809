#include "apps/bench/report/json.h"

#include <cmath>
#include <fstream>

#include <nlohmann/json.hpp>

#include "ebb/config.h"
#include "ebb/core/error.h"

#include "apps/bench/report/numbers.h"
#include "bench/machine.h"

namespace ebb::bench {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr const char* schema = "ebb bench 1";

ordered_json to_json(const Interval& interval, double scale) { return {interval.low * scale, interval.high * scale}; }

ordered_json rounds_to_json(const Rounds& rounds) {
  ordered_json array = ordered_json::array();
  for (const auto& samples : rounds) {
    ordered_json round = ordered_json::array();
    for (const double seconds : samples) round.push_back(seconds * 1e6);
    array.push_back(std::move(round));
  }
  return array;
}

ordered_json to_json(const Row& row, const Timing& timing, const Ceilings& ceilings) {
  const Rates rates = rates_of(row, timing, ceilings);
  ordered_json made{{"median_us", timing.median * 1e6}, {"p10_us", timing.p10 * 1e6},
                    {"p90_us", timing.p90 * 1e6},       {"median_interval_us", to_json(timing.interval, 1e6)},
                    {"outliers", timing.outliers},      {"gb_per_s", rates.gb_per_s},
                    {"tflop_per_s", rates.tflop_per_s}, {"share_of_ceiling", rates.share}};
  if (timing.ratio.value > 0) {
    made["ratio"] = timing.ratio.value;
    made["ratio_interval"] = to_json(timing.ratio.interval, 1);
  }
  made["rounds_us"] = rounds_to_json(timing.rounds);
  return made;
}

ordered_json to_json(const Row& row, const Entry& entry, const Ceilings& ceilings) {
  ordered_json made{
      {"name", entry.name}, {"own", entry.is_own}, {"external", entry.is_external}, {"chosen", entry.is_chosen}};
  if (!entry.refusal.empty()) {
    made["refused"] = entry.refusal;
    return made;
  }
  if (!entry.plan.empty()) made["plan"] = entry.plan;
  made["error"] = entry.error;
  made["throttled"] = entry.throttled;
  if (entry.clock > 0) made["clock"] = entry.clock;
  made["cold"] = to_json(row, entry.cold, ceilings);
  made["hot"] = to_json(row, entry.hot, ceilings);
  return made;
}

ordered_json to_json(const Row& row, const Ceilings& ceilings) {
  ordered_json made{{"case", row.name()},
                    {"family", row.family},
                    {"op", row.op},
                    {"sizes", row.sizes},
                    {"pass", row.pass},
                    {"layout", row.layout},
                    {"dtype", to_string(row.dtype)},
                    {"layers", row.layers},
                    {"flops", row.work.flops},
                    {"bytes", row.work.bytes(row.dtype)},
                    {"bound", bound_name(row, ceilings)},
                    {"reference", row.reference},
                    {"tolerance", row.tolerance}};
  for (const Entry& entry : row.entries) made["contestants"].push_back(to_json(row, entry, ceilings));
  return made;
}

Rounds rounds_from(const json& timing) {
  Rounds rounds;
  for (const json& round : timing.at("rounds_us")) {
    std::vector<double>& samples = rounds.emplace_back();
    for (const json& sample : round) {
      const double us = sample.get<double>();
      check(std::isfinite(us) && us > 0, "a time of ", us, " microseconds");
      samples.push_back(us * 1e-6);
    }
  }
  return rounds;
}

Entry entry_from(const json& contestant) {
  Entry entry{.name = contestant.at("name"),
              .is_own = contestant.at("own"),
              .is_external = contestant.at("external"),
              .is_chosen = contestant.at("chosen"),
              .refusal = contestant.value("refused", "")};
  if (!entry.refusal.empty()) return entry;
  entry.plan = contestant.value("plan", "");
  entry.error = contestant.at("error");
  entry.throttled = contestant.at("throttled");
  entry.clock = contestant.value("clock", 0.0);
  entry.cold.rounds = rounds_from(contestant.at("cold"));
  entry.hot.rounds = rounds_from(contestant.at("hot"));
  return entry;
}

DType dtype_from(const std::string& name) {
  const std::optional<DType> dtype = dtype_named(name);
  check(dtype.has_value(), "the dtype ", name);
  return *dtype;
}

Row row_from(const json& made, std::uint64_t seed) {
  Row row{.family = made.at("family"),
          .op = made.at("op"),
          .sizes = made.at("sizes"),
          .pass = made.at("pass"),
          .layout = made.at("layout"),
          .dtype = dtype_from(made.at("dtype")),
          .layers = made.at("layers"),
          .work = {.flops = made.at("flops"), .other_bytes = made.at("bytes")},
          .reference = made.at("reference"),
          .tolerance = made.at("tolerance")};
  for (const json& contestant : made.at("contestants")) row.entries.push_back(entry_from(contestant));
  evaluate(row, seed);
  return row;
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

ordered_json to_json(const Result& result) {
  ordered_json made{
      {"schema", schema},
      {"date", result.date},
      {"ebb", ebb::version},
      {"device", result.device},
      {"threads", result.threads},
      {"machine", this_machine()},
      {"environment", {{"EBB_PREFER", environment("EBB_PREFER")}, {"EBB_MAX_ISA", environment("EBB_MAX_ISA")}}},
      {"dtype", to_string(result.dtype)},
      {"math", result.math},
      {"inputs", "normal(0, 1)"},
      {"seed", result.seed},
      {"rounds", result.rounds},
      {"samples", result.samples},
      {"ceilings", {{"tflop_per_s", result.ceilings.flops / 1e12}, {"gb_per_s", result.ceilings.bandwidth / 1e9}}},
      {"best_clock_mhz", result.best_megahertz > 0 ? ordered_json(result.best_megahertz) : ordered_json()},
      {"libraries", ordered_json::object()},
      {"rows", ordered_json::array()}};
  for (const auto& [name, version] : result.libraries) made["libraries"][name] = version;
  for (const Row& row : result.rows) made["rows"].push_back(to_json(row, result.ceilings));
  return made;
}

Result from_json(const json& made, const std::string& file) {
  try {
    check(made.is_object() && made.value("schema", "") == schema, "its schema is not \"", schema, "\"");
    Result result{.date = made.at("date"),
                  .device = made.at("device"),
                  .math = made.at("math"),
                  .threads = made.at("threads"),
                  .seed = made.at("seed"),
                  .rounds = made.at("rounds"),
                  .samples = made.at("samples"),
                  .dtype = dtype_from(made.at("dtype")),
                  .ceilings = {.flops = made.at("ceilings").at("tflop_per_s").get<double>() * 1e12,
                               .bandwidth = made.at("ceilings").at("gb_per_s").get<double>() * 1e9}};
    if (made.contains("best_clock_mhz") && made["best_clock_mhz"].is_number())
      result.best_megahertz = made["best_clock_mhz"];
    for (const auto& [name, version] : made.at("libraries").items()) result.libraries.emplace_back(name, version);
    for (const json& row : made.at("rows")) result.rows.push_back(row_from(row, result.seed));
    return result;
  } catch (const json::exception& error) {
    fail(file, " is not what `ebb bench --json` writes: ", error.what());
  } catch (const Error& error) {
    fail(file, " is not what `ebb bench --json` writes: ", error.message());
  }
}

Result read_result(const std::string& file) {
  std::ifstream in(file);
  check(in.good(), "cannot read ", file);
  const json made = json::parse(in, nullptr, false);
  check(!made.is_discarded(), file, " is not JSON; `ebb bench --json ", file, "` writes what can be compared");
  return from_json(made, file);
}

}  // namespace ebb::bench
