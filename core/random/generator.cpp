#include "ebb/core/random/generator.h"

#include <utility>

namespace ebb {

Mt19937::Mt19937(std::uint64_t seed) {
  auto& words = state.words;
  words[0] = static_cast<std::uint32_t>(seed);
  for (std::uint32_t i = 1; i < words.size(); ++i) {
    words[i] = 1812433253u * (words[i - 1] ^ (words[i - 1] >> 30)) + i;
  }
  state.index = static_cast<std::uint32_t>(words.size());
}

void Mt19937::refill() {
  auto& words = state.words;
  const std::size_t n = words.size(), m = 397;
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t mixed = (words[i] & 0x80000000u) | (words[(i + 1) % n] & 0x7fffffffu);
    words[i] = words[(i + m) % n] ^ (mixed >> 1) ^ ((mixed & 1u) != 0 ? 0x9908b0dfu : 0u);
  }
  state.index = 0;
}

std::uint32_t Mt19937::next32() {
  if (state.index >= state.words.size()) refill();
  std::uint32_t y = state.words[state.index++];
  y ^= y >> 11;
  y ^= (y << 7) & 0x9d2c5680u;
  y ^= (y << 15) & 0xefc60000u;
  return y ^ (y >> 18);
}

std::uint64_t Mt19937::next64() {
  const std::uint64_t high = next32();
  return high << 32 | next32();
}

void Generator::set_seed(std::uint64_t seed) {
  seed_ = seed;
  offset_ = 0;
  sequence = Mt19937(seed);
  next_normal.reset();
}

std::uint64_t Generator::reserve(std::uint64_t count) {
  const std::uint64_t first = offset_;
  offset_ += count;
  return first;
}

static thread_local Generator* of_thread = nullptr;

Generator& default_generator() {
  static Generator generator;
  return of_thread != nullptr ? *of_thread : generator;
}

ThreadGenerator::ThreadGenerator(const Generator& start) : own_(start), before_(std::exchange(of_thread, &own_)) {}

ThreadGenerator::~ThreadGenerator() { of_thread = before_; }

void manual_seed(std::uint64_t seed) { default_generator().set_seed(seed); }

}  // namespace ebb
