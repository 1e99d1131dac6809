#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace ebb {

/// The Mersenne Twister MT19937 as PyTorch's CPU generator runs it, so that equal seeds give equal weights.
/// Matsumoto and Nishimura, "Mersenne Twister", ACM TOMACS 8 (1998).
class Mt19937 {
 public:
  explicit Mt19937(std::uint64_t seed = default_seed);
  static constexpr std::uint64_t default_seed = 67280421310721;  // PyTorch's

  std::uint32_t next32();
  std::uint64_t next64();  ///< two draws, the first one high

  /// The state, for checkpoints.
  struct State {
    std::array<std::uint32_t, 624> words;
    std::uint32_t index;
  };
  State state;

 private:
  void refill();
};

/// Philox4x32-10: four random words for each value of a counter, so that a stream can be read anywhere, in any order,
/// on any number of threads. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC11.
struct Philox {
  std::uint64_t seed;

  // constexpr, so that GPU code can call it
  constexpr std::array<std::uint32_t, 4> operator()(std::uint64_t counter) const {
    std::array<std::uint32_t, 4> x{static_cast<std::uint32_t>(counter), static_cast<std::uint32_t>(counter >> 32), 0,
                                   0};
    auto key0 = static_cast<std::uint32_t>(seed), key1 = static_cast<std::uint32_t>(seed >> 32);
    for (int round = 0; round < 10; ++round) {
      const std::uint64_t a = std::uint64_t{0xd2511f53u} * x[0], b = std::uint64_t{0xcd9e8d57u} * x[2];
      x = {static_cast<std::uint32_t>(b >> 32) ^ x[1] ^ key0, static_cast<std::uint32_t>(b),
           static_cast<std::uint32_t>(a >> 32) ^ x[3] ^ key1, static_cast<std::uint32_t>(a)};
      key0 += 0x9e3779b9u;
      key1 += 0xbb67ae85u;
    }
    return x;
  }
};

/// A device's random numbers. One sequence per device: draws are not safe from two threads at once.
class Generator {
 public:
  explicit Generator(std::uint64_t seed = Mt19937::default_seed) { set_seed(seed); }

  void set_seed(std::uint64_t seed);
  std::uint64_t seed() const { return seed_; }

  /// The sequential stream: default initialisations draw from it.
  Mt19937 sequence;
  /// The second of a pair of normal numbers whose first was drawn last; the next single one. Part of the state.
  std::optional<double> next_normal;
  /// Takes the next `count` values of the counter stream; their first.
  std::uint64_t reserve(std::uint64_t count);
  std::uint64_t offset() const { return offset_; }
  /// Goes on with the counter stream of `seed` at `offset`; leaves the sequential one alone.
  void restore(std::uint64_t seed, std::uint64_t offset) { seed_ = seed, offset_ = offset; }

 private:
  std::uint64_t seed_ = 0;
  std::uint64_t offset_ = 0;
};

/// The generator that random ops on the CPU (and, by counter, on GPUs) draw from: the process's, or that of the thread.
Generator& default_generator();

/// For as long as it lives, its thread draws from a generator of its own, which goes on from a copy of `start`.
class ThreadGenerator {
 public:
  explicit ThreadGenerator(const Generator& start);
  ThreadGenerator(const ThreadGenerator&) = delete;
  ThreadGenerator& operator=(const ThreadGenerator&) = delete;
  ~ThreadGenerator();

 private:
  Generator own_;
  Generator* before_;
};

/// Seeds every device's generator, on a thread with a generator of its own only that.
void manual_seed(std::uint64_t seed);

}  // namespace ebb
