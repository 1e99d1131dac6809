#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdlib>
#include <mutex>
#include <new>
#include <string>
#include <thread>
#include <utility>

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
[[gnu::always_inline]] constexpr SizeClass size_class(std::size_t bytes) {
  const std::size_t units = (std::max<std::size_t>(bytes, 1) + block_alignment - 1) / block_alignment;
  if (units <= steps_per_doubling) return {units - 1, units * block_alignment};
  const auto doubling = static_cast<std::size_t>(std::bit_width(units - 1)) - 1;  // 2^doubling < units
  const std::size_t first = std::size_t{1} << doubling, step = first / steps_per_doubling;
  const std::size_t steps = (units - first + step - 1) >> std::countr_zero(step);
  return {(doubling - 1) * steps_per_doubling + steps - 1, (first + steps * step) * block_alignment};
}

/// A spin lock: what it guards takes nanoseconds.
class SpinLock {
 public:
  bool try_lock() noexcept { return !flag_.test_and_set(std::memory_order_acquire); }
  void lock() noexcept {
    while (!try_lock()) std::this_thread::yield();
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
  // What almost all calls do comes first, and calls nothing, so that it needs to save no registers.

  void* allocate(std::size_t bytes) override {
    if (bytes < LargeBlocks::least && lock_.try_lock()) {
      void* const block = take_kept(size_class(bytes));
      lock_.unlock();
      if (block != nullptr) return block;
    }
    return allocate_any(bytes);
  }

  void deallocate(void* block, std::size_t bytes) noexcept override {
    if (bytes >= LargeBlocks::least || !lock_.try_lock()) return deallocate_any(block, bytes);
    keep(block, size_class(bytes));
    lock_.unlock();
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
      for (FreeBlock*& first : free_) {
        while (first != nullptr) std::free(std::exchange(first, first->next));
      }
      stats_.cached = 0;
      large_.release();
    }
    malloc_trim(0);  // free() keeps what lies below a block that is in use
  }

  void set_limit(std::size_t bytes) override {
    const std::lock_guard guard(lock_);
    limit_ = bytes == 0 ? no_limit : bytes;
  }

  void fail_after(std::uint64_t requests) override {
    const std::lock_guard guard(lock_);
    fails_at_ = requests == 0 ? 0 : stats_.requests + requests;
  }

  void lock() noexcept { lock_.lock(); }
  void unlock() noexcept { lock_.unlock(); }

 private:
  /// A block that is kept: in its own bytes, what was freed before it.
  struct FreeBlock {
    FreeBlock* next;
  };
  static constexpr std::size_t no_limit = SIZE_MAX;

  /// A block of a class, counted; null, and nothing has changed, where none is kept or the request is to be refused.
  void* take_kept(SizeClass size) noexcept {
    FreeBlock* const block = free_[size.index];
    if (block == nullptr || is_refused(size.bytes)) return nullptr;
    count_request(size.bytes);
    stats_.cached -= size.bytes;
    free_[size.index] = block->next;
    return block;
  }

  void keep(void* block, SizeClass size) noexcept {
    stats_.allocated -= size.bytes;
    stats_.cached += size.bytes;
    free_[size.index] = ::new (block) FreeBlock{free_[size.index]};
  }

  [[gnu::noinline]] void* allocate_any(std::size_t bytes) {
    check<OutOfMemoryError>(bytes <= PTRDIFF_MAX / 2, "out of memory: cannot allocate ", bytes, " bytes");
    {
      const std::lock_guard guard(lock_);
      const std::size_t taken = taken_for(bytes);
      if (is_refused(taken)) refuse(taken);
      if (void* block = bytes < LargeBlocks::least ? take_kept(size_class(bytes)) : nullptr) return block;
      count_request(taken);
      if (void* block = is_large(bytes) ? large_.take(bytes) : nullptr) return block;
      ++stats_.from_system;
    }
    return from_system(bytes);
  }

  [[gnu::noinline]] void deallocate_any(void* block, std::size_t bytes) noexcept {
    {
      const std::lock_guard guard(lock_);
      if (bytes < LargeBlocks::least) return keep(block, size_class(bytes));
      stats_.allocated -= taken_for(bytes);
      if (is_large(bytes)) return large_.give_back(block, bytes);
    }
    std::free(block);
  }

  bool is_refused(std::size_t bytes) const noexcept {
    return stats_.requests + 1 == fails_at_ || stats_.allocated + bytes > limit_;
  }

  void count_request(std::size_t bytes) noexcept {
    ++stats_.requests;
    stats_.allocated += bytes;
    stats_.peak = std::max(stats_.peak, stats_.allocated);
  }

  [[noreturn]] void refuse(std::size_t bytes) {
    ++stats_.requests;
    const bool over_limit = stats_.allocated + bytes > limit_;
    fail<OutOfMemoryError>("out of memory: ", bytes, " bytes asked for, ", stats_.allocated, " in use",
                           over_limit ? ", limit " + std::to_string(limit_) : std::string());
  }

  static bool is_large(std::size_t bytes) { return bytes >= LargeBlocks::least && bytes <= LargeBlocks::most; }

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

  mutable SpinLock lock_;
  std::array<FreeBlock*, size_class(LargeBlocks::least - 1).index + 1> free_{};
  LargeBlocks large_;
  AllocatorStats stats_;
  std::size_t limit_ = no_limit;
  std::uint64_t fails_at_ = 0;
};

/// Never destroyed: tensors in static objects may outlive any static object of ours.
union Immortal {
  constexpr Immortal() : allocator() {}
  ~Immortal() {}
  CpuAllocator allocator;
};
constinit Immortal immortal;

// A child of fork() is to find the lists as no other thread is changing them.
[[maybe_unused]] const int lists_are_whole_in_child = pthread_atfork(
    [] { immortal.allocator.lock(); }, [] { immortal.allocator.unlock(); }, [] { immortal.allocator.unlock(); });

}  // namespace

constinit Allocator* const detail::the_cpu_allocator = &immortal.allocator;

}  // namespace ebb
