#pragma once

#include <functional>
#include <string>
#include <vector>

#include "apps/bench/measure/clock.h"
#include "apps/bench/measure/statistics.h"
#include "apps/bench/measure/stopwatch.h"

namespace ebb::bench {

struct SamplingOptions {
  int rounds = 7, samples = 5;  ///< in each round everyone takes so many of each kind, at most
  double seconds = 0.1;         ///< after which a turn ends
  std::uint64_t seed = 0;       ///< of the order of turns
};

/// One that takes turns.
struct Participant {
  std::function<void()> run;
  bool has_own_threads = false;  ///< which go on spinning for a while, as ebb's do beside them
};

/// What one contestant's samples are.
struct Samples {
  Rounds cold, hot;
  long throttled = 0;  ///< samples before or after which the clock was slow; they count only where a turn has no others
  std::vector<double> speeds = {};  ///< of the clock around those that count, as shares of the best; where it was read
};

/// Everyone takes a turn in each round, in an order that changes. Those that take more than ten times as long as the
/// fastest take part in the first two rounds only, those of more than a hundred in the first. Where somebody has
/// threads of their own, turns begin when everybody's have gone to sleep. Without a clock
/// every sample counts.
std::vector<Samples> sample(const std::vector<Participant>& participants, Stopwatch& stopwatch, Clock* clock,
                            const SamplingOptions& options);

}  // namespace ebb::bench
