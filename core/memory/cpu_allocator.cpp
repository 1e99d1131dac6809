#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdlib>
#include <mutex>
#include <new>
#include <thread>
#include <vector>

#include <malloc.h>
#include <pthread.h>

#include "ebb/core/error.h"
#include "ebb/core/memory/allocator.h"
#include "ebb/core/memory/block.h"
#include "ebb/core/memory/large_blocks.h"

namespace ebb {
namespace {

using detail::block_alignment;
using detail::LargeBlocks;

constexpr std::size_t steps_per_doubling = 4;  // classes 1, 1.25, 1.5, 1.75, 2: at most a fifth is wasted

struct SizeClass {
  std::size_t index;
  std::size_t bytes;
};

/// The smallest class that holds `bytes`.
constexpr SizeClass size_class(std::size_t bytes) {
  const std::size_t units = (std::max<std::size_t>(bytes, 1) + block_alignment - 1) / block_alignment;
  if (units <= steps_per_doubling) return {units - 1, units * block_alignment};
  const auto doubling = static_cast<std::size_t>(std::bit_width(units - 1)) - 1;  // 2^doubling < units
  const std::size_t step = (std::size_t{1} << doubling) / steps_per_doubling;
  const std::size_t steps = (units - (std::size_t{1} << doubling) + step - 1) / step;
  return {(doubling - 1) * steps_per_doubling + steps - 1,
          ((std::size_t{1} << doubling) + steps * step) * block_alignment};
}

/// A spin lock: what it guards takes nanoseconds.
class SpinLock {
 public:
  void lock() noexcept {
    while (flag_.test_and_set(std::memory_order_acquire)) std::this_thread::yield();
  }
  void unlock() noexcept { flag_.clear(std::memory_order_release); }

 private:
  std::atomic_flag flag_;
};

/// What a block for so many bytes takes: of a class, of whole pages, or what it is, where it is kept by nobody.
std::size_t taken_for(std::size_t bytes) {
  return bytes < LargeBlocks::least ? size_class(bytes).bytes : LargeBlocks::rounded(bytes);
}

/// Keeps freed blocks, small ones in one list a size class, and nothing of what is larger than LargeBlocks::most.
class CpuAllocator final : public Allocator {
 public:
  void* allocate(std::size_t bytes) override {
    check<OutOfMemoryError>(bytes <= PTRDIFF_MAX / 2, "out of memory: cannot allocate ", bytes, " bytes");
    {
      const std::lock_guard guard(lock_);
      const std::size_t taken = taken_for(bytes);
      ++stats_.requests;
      refuse_if_told_to(taken);
      stats_.allocated += taken;
      stats_.peak = std::max(stats_.peak, stats_.allocated);
      if (void* block = take(bytes)) return block;
      ++stats_.from_system;
    }
    return from_system(bytes);
  }

  void deallocate(void* block, std::size_t bytes) noexcept override {
    {
      const std::lock_guard guard(lock_);
      stats_.allocated -= taken_for(bytes);
      if (is_large(bytes)) return large_.give_back(block, bytes);
      if (bytes < LargeBlocks::least) {
        const SizeClass size = size_class(bytes);
        if (keep(free_[size.index], block)) {
          stats_.cached += size.bytes;
          return;
        }
      }
    }
    std::free(block);
  }

  AllocatorStats stats() const override {
    const std::lock_guard guard(lock_);
    AllocatorStats stats = stats_;
    stats.cached += large_.cached();
    return stats;
  }

  void reset_peak() override {
    const std::lock_guard guard(lock_);
    stats_.peak = stats_.allocated;
  }

  void release_cached() override {
    {
      const std::lock_guard guard(lock_);
      for (auto& blocks : free_) {
        std::for_each(blocks.begin(), blocks.end(), std::free);
        blocks = {};
      }
      stats_.cached = 0;
      large_.release();
    }
    malloc_trim(0);  // free() keeps what lies below a block that is in use
  }

  void set_limit(std::size_t bytes) override {
    const std::lock_guard guard(lock_);
    limit_ = bytes;
  }

  void fail_after(std::uint64_t requests) override {
    const std::lock_guard guard(lock_);
    fails_at_ = requests == 0 ? 0 : stats_.requests + requests;
  }

  void lock() noexcept { lock_.lock(); }
  void unlock() noexcept { lock_.unlock(); }

 private:
  void refuse_if_told_to(std::size_t bytes) {
    const bool injected = stats_.requests == fails_at_;
    const bool over_limit = limit_ != 0 && stats_.allocated + bytes > limit_;
    if (injected || over_limit) {
      fail<OutOfMemoryError>("out of memory: ", bytes, " bytes asked for, ", stats_.allocated, " in use",
                             over_limit ? ", limit " + std::to_string(limit_) : std::string());
    }
  }

  static bool is_large(std::size_t bytes) { return bytes >= LargeBlocks::least && bytes <= LargeBlocks::most; }

  /// What is kept for such a request; null for nothing.
  void* take(std::size_t bytes) {
    if (is_large(bytes)) return large_.take(bytes);
    if (bytes > LargeBlocks::most) return nullptr;
    const SizeClass size = size_class(bytes);
    std::vector<void*>& blocks = free_[size.index];
    if (blocks.empty()) return nullptr;
    void* block = blocks.back();
    blocks.pop_back();
    stats_.cached -= size.bytes;
    return block;
  }

  void* from_system(std::size_t bytes) {
    void* block = new_block(bytes);
    if (block == nullptr) {  // what is cached may be just what is missing
      release_cached();
      block = new_block(bytes);
    }
    if (block != nullptr) return block;
    const std::lock_guard guard(lock_);
    const std::size_t taken = taken_for(bytes);
    stats_.allocated -= taken;
    fail<OutOfMemoryError>("out of memory: the system refused ", taken, " bytes, ", stats_.allocated, " in use");
  }

  void* new_block(std::size_t bytes) {
    if (!is_large(bytes)) return detail::new_block(taken_for(bytes));
    std::size_t size = bytes;
    void* segment = LargeBlocks::new_segment(size);
    if (segment == nullptr) return nullptr;
    const std::lock_guard guard(lock_);
    return large_.add(segment, size) ? large_.take(bytes) : nullptr;
  }

  static bool keep(std::vector<void*>& blocks, void* block) noexcept try {
    blocks.push_back(block);
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }

  mutable SpinLock lock_;
  std::array<std::vector<void*>, size_class(LargeBlocks::least - 1).index + 1> free_;
  LargeBlocks large_;
  AllocatorStats stats_;
  std::size_t limit_ = 0;
  std::uint64_t fails_at_ = 0;
};

// Never destroyed: tensors in static objects may outlive any static object of ours.
CpuAllocator& the_allocator() {
  static auto* allocator = new CpuAllocator;
  return *allocator;
}

// A child of fork() is to find the lists as no other thread is changing them.
[[maybe_unused]] const int lists_are_whole_in_child =
    pthread_atfork([] { the_allocator().lock(); }, [] { the_allocator().unlock(); }, [] { the_allocator().unlock(); });

}  // namespace

Allocator& cpu_allocator() { return the_allocator(); }

}  // namespace ebb
