#pragma once

#include <cstdint>
#include <vector>

namespace ebb {

/// For benchmarks: while it lives, each parallel_for of its thread stays on this thread, cut as for all the threads
/// that there are, and the seconds of its chunks are noted. So one core tells how work would be shared out among many;
/// set_num_threads() says how many.
class ChunkTimes {
 public:
  ChunkTimes();
  ~ChunkTimes();
  ChunkTimes(const ChunkTimes&) = delete;
  ChunkTimes& operator=(const ChunkTimes&) = delete;

  /// Of each parallel_for that had several chunks, in the order of the calls.
  const std::vector<std::vector<double>>& jobs() const { return jobs_; }
  double seconds() const;  ///< of all chunks
  /// The same on `threads` threads, each of which takes the next chunk when it is done with one, and which all wait for
  /// the last. Neither the caches nor the memory that they share are in it.
  double seconds_on(int threads) const;

  // Called by parallel_for.
  static ChunkTimes* on_this_thread();
  void begin_job() { jobs_.emplace_back(); }
  void add(double seconds) { jobs_.back().push_back(seconds); }

 private:
  std::vector<std::vector<double>> jobs_;
  ChunkTimes* outer_;
};

}  // namespace ebb
