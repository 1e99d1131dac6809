#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "ebb/core/cuda/cudnn/engine.h"

namespace ebb::cudnn {

struct Measured {
  EngineChoice choice;
  double milliseconds = 0;
};

/// Which engine was the fastest for what, on which GPU by which cuDNN; as text, a line for each:
///     <version> TAB <GPU> TAB <plan's key> TAB <engine> <knob>=<value> ... TAB <milliseconds>
class BenchmarkResults {
 public:
  /// Those of this process.
  static BenchmarkResults& all();

  std::optional<Measured> find(std::int64_t version, std::string_view device, std::string_view key) const;
  void add(std::int64_t version, std::string_view device, std::string_view key, const Measured& measured);

  std::string text() const;
  /// An ArgumentError names the line that is not one, and then nothing is added.
  void add(std::string_view text);
  /// Changes with every add() of a text: plans that were made before may be others now.
  std::uint64_t generation() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Measured, std::less<>> results_;  // by the first three columns
  std::uint64_t generation_ = 0;
};

}  // namespace ebb::cudnn
