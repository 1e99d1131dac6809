#include "apps/bench/measure/sampler.h"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <random>
#include <thread>

namespace ebb::bench {
namespace {

/// Longer than the threads of OpenBLAS spin.
constexpr double rest_of_turn = 0.05;
/// Longer than those of ebb, which have read the caches empty.
constexpr double rest_of_flush = 1e-3;

std::vector<std::size_t> shuffled(std::size_t count, std::mt19937_64& draws) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t i = count; i > 1; --i) std::swap(order[i - 1], order[draws() % i]);
  return order;
}

/// The turn of one contestant.
class Turn {
 public:
  Turn(Stopwatch& stopwatch, Clock* clock, const SamplingOptions& options)
      : stopwatch_(stopwatch), clock_(clock), options_(options) {}

  void take(const Participant& participant, Samples& samples) {
    const std::function<void()>& run = participant.run;
    const bool has_own_threads = participant.has_own_threads;
    if (has_own_threads) run();  // wakes them
    const double rest = has_own_threads ? rest_of_flush : 0;
    samples.cold.push_back(timed(samples, has_own_threads, [&] { return stopwatch_.cold(run, rest); }));
    samples.hot.push_back(timed(samples, has_own_threads, [&] { return stopwatch_.hot(run); }));
  }

 private:
  /// At least one sample counts, so that a machine that is always slow is measured, too. Beside threads that spin the
  /// clock would tell of those.
  template <class Sample>
  std::vector<double> timed(Samples& samples, bool are_threads_spinning, Sample sample) {
    std::vector<double> seconds;
    const auto start = std::chrono::steady_clock::now();
    const bool has_clock = clock_ != nullptr && !are_threads_spinning;
    for (int tries = 1;; ++tries) {
      const ClockReading before = has_clock ? clock_->read() : ClockReading{};
      const double taken = sample();
      const ClockReading after = has_clock && !before.is_slow ? clock_->read() : before;
      const bool is_slow = before.is_slow || after.is_slow;
      samples.throttled += is_slow ? 1 : 0;
      const std::chrono::duration<double> all = std::chrono::steady_clock::now() - start;
      const bool is_last = tries == 2 * options_.samples || all.count() > options_.seconds;
      if (!is_slow || (is_last && seconds.empty())) {
        seconds.push_back(taken);
        if (has_clock) samples.speeds.push_back(std::min(before.speed, after.speed));
      }
      if (is_last || static_cast<int>(seconds.size()) == options_.samples) return seconds;
    }
  }

  Stopwatch& stopwatch_;
  Clock* clock_;
  const SamplingOptions& options_;
};

/// In how many rounds each takes part.
std::vector<int> rounds_of(const std::vector<Participant>& participants, Stopwatch& stopwatch, int rounds) {
  std::vector<double> once;
  for (const Participant& participant : participants) once.push_back(stopwatch.hot(participant.run));
  const double fastest = *std::ranges::min_element(once);
  std::vector<int> parts;
  for (const double seconds : once) {
    const int most = seconds > 100 * fastest ? 1 : seconds > 10 * fastest ? 2 : rounds;
    parts.push_back(std::min(most, rounds));
  }
  return parts;
}

}  // namespace

std::vector<Samples> sample(const std::vector<Participant>& participants, Stopwatch& stopwatch, Clock* clock,
                            const SamplingOptions& options) {
  std::vector<Samples> samples(participants.size());
  if (participants.empty()) return samples;
  const bool rests = std::ranges::any_of(participants, &Participant::has_own_threads);
  const std::vector<int> rounds = rounds_of(participants, stopwatch, options.rounds);
  std::mt19937_64 draws(options.seed);
  Turn turn(stopwatch, clock, options);
  for (int round = 0; round < options.rounds; ++round) {
    for (const std::size_t i : shuffled(participants.size(), draws)) {
      if (round >= rounds[i]) continue;
      if (rests) std::this_thread::sleep_for(std::chrono::duration<double>(rest_of_turn));
      turn.take(participants[i], samples[i]);
    }
  }
  return samples;
}

}  // namespace ebb::bench
