#include "ebb/core/threads/chunk_times.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

namespace ebb {
namespace {

thread_local ChunkTimes* innermost = nullptr;

/// Until the last of `threads` threads is done with the chunks.
double seconds_of_job(const std::vector<double>& chunks, int threads) {
  std::vector<double> done(static_cast<std::size_t>(threads), 0.0);  // a heap: who is done first comes first
  for (const double seconds : chunks) {
    std::ranges::pop_heap(done, std::greater());
    done.back() += seconds;
    std::ranges::push_heap(done, std::greater());
  }
  return *std::ranges::max_element(done);
}

}  // namespace

ChunkTimes::ChunkTimes() : outer_(std::exchange(innermost, this)) {}
ChunkTimes::~ChunkTimes() { innermost = outer_; }

ChunkTimes* ChunkTimes::on_this_thread() { return innermost; }

double ChunkTimes::seconds() const { return seconds_on(1); }

double ChunkTimes::seconds_on(int threads) const {
  return std::transform_reduce(
      jobs_.begin(), jobs_.end(), 0.0, std::plus(),
      [threads](const std::vector<double>& chunks) { return seconds_of_job(chunks, threads); });
}

}  // namespace ebb
