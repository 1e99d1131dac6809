#include "bench/contest.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <thread>
#include <utility>

#include "ebb/core/error.h"
#include "ebb/core/threads/parallel.h"

#include "bench/machine.h"
#include "bench/timing.h"

namespace ebb::bench {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;
using Times = std::map<std::string, std::vector<double>>;  // milliseconds, by who took them

double process_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

/// Long enough that threads which spin for their next work have gone to sleep.
void let_threads_sleep() { std::this_thread::sleep_for(std::chrono::milliseconds(50)); }

ordered_json summary(const std::vector<double>& ms) {
  return {{"min_ms", quantile(ms, 0)}, {"median_ms", quantile(ms, 0.5)}, {"samples", ms.size()}};
}

ordered_json row_of(const Times& times, const std::vector<std::string>& peers) {
  const std::vector<double>& ours = times.at("ebb");
  ordered_json row{{"ebb", summary(ours)}};
  std::string best;
  for (const std::string& peer : peers) {
    const std::vector<double>& theirs = times.at(peer);
    row["peers"][peer] = summary(theirs);
    row["peers"][peer]["ratio"] = quantile(theirs, 0) / quantile(ours, 0);
    row["peers"][peer]["ratio_of_medians"] = quantile(theirs, 0.5) / quantile(ours, 0.5);
    if (best.empty() || quantile(theirs, 0) < quantile(times.at(best), 0)) best = peer;
  }
  if (!best.empty()) {
    row["best_peer"] = best;
    row["ratio"] = row["peers"][best]["ratio"];
  }
  return row;
}

ordered_json read_if_exists(const std::string& path) {
  if (!std::filesystem::exists(path)) return ordered_json::object();
  std::ifstream file(path);
  return ordered_json::parse(file);
}

std::string today() {
  const std::time_t now = std::time(nullptr);
  char text[16];
  std::strftime(text, sizeof text, "%F", std::gmtime(&now));
  return text;
}

/// What a row measured: all that it says in words but for who was best.
std::string name_of(const ordered_json& row) {
  std::string name;
  for (const auto& [key, value] : row.items()) {
    if (value.is_string() && key != "best_peer" && key != "date") name += value.get<std::string>() + "\n";
  }
  return name;
}

bool are_comparable(const ordered_json& a, const ordered_json& b) {
  const auto same = [&](const char* key) { return a.at("machine").at(key) == b.at("machine").at(key); };
  return a.at("threads") == b.at("threads") && same("cpu") && same("family_model_stepping") && same("caches");
}

/// The rows of an earlier result with those that were measured now in their places, or behind them. A row says when
/// that was, if it was another day.
ordered_json with_earlier_rows(ordered_json result, const ordered_json& earlier) {
  std::map<std::string, ordered_json> made;
  for (const ordered_json& row : result.at("rows")) made[name_of(row)] = row;
  ordered_json rows = ordered_json::array();
  for (ordered_json row : earlier.at("rows")) {
    if (auto now = made.extract(name_of(row))) {
      rows.push_back(now.mapped());
    } else {
      if (!row.contains("date") && earlier.at("date") != result.at("date")) row["date"] = earlier.at("date");
      rows.push_back(row);
    }
  }
  for (const ordered_json& row : result.at("rows")) {
    if (made.contains(name_of(row))) rows.push_back(row);
  }
  result["rows"] = rows;
  if (result.at("peers").is_null()) result["peers"] = earlier.at("peers");
  return result;
}

}  // namespace

void ContestOptions::add_to(CLI::App& app) {
  app.add_option("--peers", peers, "a Python that has PyTorch, ONNX Runtime, OpenVINO or some of them");
  app.add_option("--without", without, "peers to leave out, as `compiled`");
  app.add_option("--only", only, "what begins with one of these");
  app.add_option("--rounds", rounds, "in each of which everyone takes a turn")->capture_default_str();
  app.add_option("--samples", samples, "in a turn, at most")->capture_default_str();
  app.add_option("--seconds", seconds, "after which a turn ends")->capture_default_str();
  app.add_option("--threads", threads, "of everyone; 0 for one a core")->capture_default_str();
  app.add_option("--json", json_file,
                 "a file to write the results to, beside those of other benchmarks and, with --only, other rows");
}

bool ContestOptions::includes(const std::string& name) const {
  return only.empty() || std::ranges::any_of(only, [&](const std::string& begin) { return name.starts_with(begin); });
}

Contest::Contest(ContestOptions options, const std::string& script) : options_(std::move(options)) {
  check(options_.rounds > 0 && options_.samples > 0, "needs at least one round and one sample, got ", options_.rounds,
        " and ", options_.samples);
  if (options_.threads > 0) set_num_threads(options_.threads);
  if (options_.peers.empty()) return;
  peer_ = std::make_unique<Peer>(options_.peers, script);
  versions_ = peer_->ask({{"threads", num_threads()}});
}

std::vector<double> Contest::our_turn(const std::function<void()>& ours) const {
  std::vector<double> ms;
  double taken = seconds_of(ours);
  do {
    ms.push_back(seconds_of(ours) * 1e3);
    taken += ms.back() * 1e-3;
  } while (static_cast<int>(ms.size()) < options_.samples && taken < options_.seconds);
  return ms;
}

std::vector<double> Contest::turn_of(const std::string& peer) {
  const double cpu_before = process_seconds();
  json answer;
  we_.seconds += seconds_of([&] {
    answer = peer_->ask({{"time", peer}, {"samples", options_.samples}, {"seconds", options_.seconds}});
  });
  we_.cpu_seconds += process_seconds() - cpu_before;
  they_.seconds += answer.at("idle_seconds").get<double>();
  they_.cpu_seconds += answer.at("idle_cpu_seconds").get<double>();
  return answer.at("ms");
}

Contest::Row Contest::run(const json& task, const std::function<void()>& ours) {
  std::vector<std::string> peers;
  ordered_json refused;
  if (peer_) {
    const ordered_json answer = ordered_json(peer_->ask({{"prepare", task}, {"without", options_.without}}));
    peers = answer.at("peers");
    refused = answer.at("refused");
  }
  Times times;
  const auto add = [&times](const std::string& who, const std::vector<double>& ms) {
    times[who].insert(times[who].end(), ms.begin(), ms.end());
  };
  for (int round = 0; round < options_.rounds; ++round) {
    if (peer_) let_threads_sleep();
    add("ebb", our_turn(ours));
    for (const std::string& peer : peers) {
      let_threads_sleep();
      add(peer, turn_of(peer));
    }
  }
  Row row = row_of(times, peers);
  if (!refused.empty()) row["refused"] = refused;
  return row;
}

void Contest::finish(const std::string& benchmark, const ordered_json& rows, ordered_json more) {
  ordered_json result{{"date", today()},           {"threads", num_threads()},
                      {"rounds", options_.rounds}, {"samples", options_.samples},
                      {"machine", this_machine()}, {"peers", versions_}};
  if (peer_) result["cores_busy_in_others_turns"] = {{"ebb", we_.cores()}, {"peers", they_.cores()}};
  result.update(more);
  result["rows"] = rows;
  std::cout << ordered_json{{benchmark, result}}.dump(1) << "\n";
  if (options_.json_file.empty()) return;
  ordered_json all = read_if_exists(options_.json_file);
  const bool is_part = !options_.only.empty() && all.contains(benchmark) && are_comparable(all[benchmark], result);
  all[benchmark] = is_part ? with_earlier_rows(result, all[benchmark]) : result;
  std::ofstream file(options_.json_file);
  file << all.dump(1) << "\n";
  check(file.flush().good(), "cannot write ", options_.json_file);
}

}  // namespace ebb::bench
