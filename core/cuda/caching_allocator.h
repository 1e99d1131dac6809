#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>

#include "ebb/core/cuda/memory_source.h"
#include "ebb/core/memory/allocator.h"

namespace ebb {

/// How a CachingAllocator cuts memory. The defaults are those of PyTorch's allocator.
struct CachingOptions {
  std::string name = "cuda:0";            ///< of the memory, for errors
  std::size_t granularity = 512;          ///< sizes are rounded up to a multiple of it
  std::size_t largest_small = 1 << 20;    ///< requests up to this share small segments
  std::size_t small_segment = 2 << 20;    ///< what is asked of the source for small requests
  std::size_t largest_medium = 10 << 20;  ///< requests up to this share large segments; above, each has its own
  std::size_t large_segment = 20 << 20;
  std::size_t huge_granularity = 2 << 20;  ///< sizes of segments of one block are multiples of it
  bool caches = true;  ///< false: every request goes to the source with its exact size, for memory checkers
};

/// Asks its source for large segments, gives out blocks of them and keeps those that come back, joined with their
/// free neighbours. Freed blocks are reused at once, which is right as long as a device has one stream.
class CachingAllocator final : public Allocator {
 public:
  CachingAllocator(std::unique_ptr<MemorySource> source, CachingOptions options);
  ~CachingAllocator() override;

  void* allocate(std::size_t bytes) override;
  void deallocate(void* memory, std::size_t bytes) noexcept override;
  AllocatorStats stats() const override;
  void reset_peak() override;
  void release_cached() override;
  void set_limit(std::size_t bytes) override;
  void fail_after(std::uint64_t requests) override;

 private:
  struct Block;
  struct BySize {
    bool operator()(const Block* a, const Block* b) const;
  };
  using FreeBlocks = std::set<Block*, BySize>;

  std::size_t rounded(std::size_t bytes) const;
  std::size_t segment_size(std::size_t bytes) const;
  FreeBlocks& free_blocks(bool small) { return small ? small_ : large_; }
  void refuse_if_told_to(std::size_t bytes) const;
  Block* take_cached(std::size_t bytes);
  Block* take_from_source(std::size_t bytes);
  void* ask_source(std::size_t bytes);
  void split(Block* block, std::size_t bytes);
  Block* join(Block* left, Block* right);
  void release_free_segments();

  mutable std::mutex mutex_;
  std::unique_ptr<MemorySource> source_;
  CachingOptions options_;
  FreeBlocks small_, large_;
  std::unordered_map<void*, Block*> used_;
  AllocatorStats stats_;
  std::size_t limit_ = 0;
  std::uint64_t fails_at_ = 0;
};

}  // namespace ebb
