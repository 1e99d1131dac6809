#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

namespace emulator {

/// 0 .. count - 1, in order where the seed is 0, else shuffled by it.
class RandomOrder {
 public:
  RandomOrder(std::uint64_t count, std::uint64_t seed) : order_(count), random_(seed), shuffles_(seed != 0) {
    std::iota(order_.begin(), order_.end(), 0u);
    next_shuffle();
  }

  std::uint64_t size() const { return order_.size(); }
  unsigned at(std::uint64_t i) const { return order_[i]; }

  const std::vector<unsigned>& next_shuffle() {
    if (shuffles_) std::shuffle(order_.begin(), order_.end(), random_);
    return order_;
  }

 private:
  std::vector<unsigned> order_;
  std::mt19937_64 random_;
  bool shuffles_;
};

}  // namespace emulator
