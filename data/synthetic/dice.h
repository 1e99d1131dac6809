#pragma once

#include <cstdint>

#include "ebb/core/random/generator.h"

namespace ebb::data {

/// Integers in a range. Only they are drawn: made-up images are the same whatever a machine's mathematics library does.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}
  int operator()(int low, int high) {  // both included
    const auto span = static_cast<std::uint64_t>(high - low + 1);
    return low + static_cast<int>((random_.next32() * span) >> 32);
  }

 private:
  Mt19937 random_;
};

}  // namespace ebb::data
