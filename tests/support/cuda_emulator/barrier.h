#pragma once

#include <array>
#include <cstdint>

namespace emulator {

/// How often a barrier has opened; who waits, waits for it to change.
struct Generation {
  std::uint64_t value = 0;
};

/// What __syncthreads waits at: opens when all threads that have not returned have arrived.
struct BlockBarrier {
  Generation generation;
  unsigned arrived = 0;
  char tokens[2] = {};

  char* token() { return &tokens[generation.value % 2]; }  // what this meeting synchronises memory on

  void arrive(unsigned alive) {
    ++arrived;
    open_if_complete(alive);
  }

  void open_if_complete(unsigned alive) {
    if (arrived == 0 || arrived < alive) return;
    arrived = 0;
    ++generation.value;
  }
};

/// Where the lanes of one mask meet. What they give is kept for two meetings: a lane can be one behind another.
struct WarpBarrier {
  std::uint32_t mask = 0, arrived = 0;
  Generation generation;
  std::uint32_t givers[2] = {};
  std::uint64_t slots[2][32];
  char tokens[2] = {};

  char* token() { return &tokens[generation.value % 2]; }

  void arrive(unsigned lane, std::uint64_t value, std::uint32_t alive) {
    const auto side = generation.value % 2;
    if (arrived == 0) givers[side] = 0;
    slots[side][lane] = value;
    givers[side] |= 1u << lane;
    arrived |= 1u << lane;
    open_if_complete(alive);
  }

  void open_if_complete(std::uint32_t alive) {
    if (arrived == 0 || arrived != (mask & alive)) return;
    arrived = 0;
    ++generation.value;
  }

  bool has_given(std::uint64_t meeting, int lane) const { return (givers[meeting % 2] >> lane & 1u) != 0; }
  std::uint64_t given(std::uint64_t meeting, int lane) const {
    return has_given(meeting, lane) ? slots[meeting % 2][lane] : ~std::uint64_t{0};
  }
};

/// The barriers of one warp, one for each mask that it uses. Plain arrays: the threads of a kernel run this.
class WarpBarriers {
 public:
  void clear() { used_ = 0, alive_ = 0; }
  void enter(unsigned lane) { alive_ |= 1u << lane; }
  std::uint32_t alive() const { return alive_; }

  /// Null where the warp has used too many masks.
  WarpBarrier* find(std::uint32_t mask) {
    for (int i = 0; i < used_; ++i) {
      if (barriers_[i].mask == mask) return &barriers_[i];
    }
    if (used_ == max_masks) return nullptr;
    WarpBarrier& barrier = barriers_[used_++];
    barrier.mask = mask;
    barrier.arrived = 0;
    barrier.generation = {};
    return &barrier;
  }

  /// A thread returned: those that wait for it need not any more.
  void leave(unsigned lane) {
    alive_ &= ~(1u << lane);
    for (int i = 0; i < used_; ++i) barriers_[i].open_if_complete(alive_);
  }

 private:
  static constexpr int max_masks = 16;
  WarpBarrier barriers_[max_masks];
  int used_ = 0;
  std::uint32_t alive_ = 0;
};

}  // namespace emulator
