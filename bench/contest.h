#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "bench/peer.h"

namespace ebb::bench {

struct ContestOptions {
  int rounds = 3, samples = 10, threads = 0;
  double seconds = 1;
  std::string peers;  ///< a Python that has them; empty, nobody runs beside ebb
  std::vector<std::string> only, without;
  std::string json_file;

  void add_to(CLI::App& app);
  /// Whether `only` is empty or names something that `name` begins with.
  bool includes(const std::string& name) const;
};

/// ebb and its peers do the same work in turns: each one takes some samples in every round, on as many threads, while
/// the others are idle.
class Contest {
 public:
  using Row = nlohmann::ordered_json;

  /// `script` is of this folder; see peer_loop.py for what it answers.
  Contest(ContestOptions options, const std::string& script);

  /// Minima and medians in milliseconds of everyone and, for each peer, how many times as long as ebb it takes. `task`
  /// tells the script what `ours` does.
  Row run(const nlohmann::json& task, const std::function<void()>& ours);

  /// Puts the rows, the machine and everyone's version into the file that was asked for, beside what other benchmarks
  /// have put there, and prints them. With `only`, rows that were not measured stay as they are, if they are of such a
  /// machine.
  void finish(const std::string& benchmark, const nlohmann::ordered_json& rows,
              nlohmann::ordered_json more = nlohmann::ordered_json::object());

 private:
  struct Idle {
    double seconds = 0, cpu_seconds = 0;
    double cores() const { return seconds > 0 ? cpu_seconds / seconds : 0; }
  };

  std::vector<double> our_turn(const std::function<void()>& ours) const;
  std::vector<double> turn_of(const std::string& peer);

  ContestOptions options_;
  std::unique_ptr<Peer> peer_;
  nlohmann::ordered_json versions_;
  Idle we_, they_;
};

}  // namespace ebb::bench
