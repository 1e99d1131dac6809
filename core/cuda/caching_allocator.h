#pragma once

#include <map>
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
/// free neighbours. A block belongs to the stream that its thread launched on: freed, it serves requests of that stream
/// at once, and of no other. Where another stream has used it, it first waits for that (record_stream). What a thread
/// asks for while it captures a graph is from a pool of that graph's own, and what it frees meanwhile stays as it is
/// until the graph is gone.
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

  /// `stream` uses the block, too: once freed it is not given out before what was launched there until then is done.
  /// Nothing happens where the memory is none of this allocator's.
  void record_stream(const void* memory, void* stream);

  /// From now on a thread captures the graph whose pool `key` tells: marks cannot be set or asked for before the end.
  void begin_capture(const void* key);
  void end_capture();
  /// The graph is gone: its free memory goes back to the source, what is in use does as it is freed.
  void close_pool(const void* key) noexcept;

 private:
  struct Block;
  struct Order {  // by stream, then size
    bool operator()(const Block* a, const Block* b) const;
  };
  using FreeBlocks = std::set<Block*, Order>;
  struct Pool {
    FreeBlocks small, large;
    Block* held = nullptr;  // of other pools, freed while the graph was captured, which may use them
    FreeBlocks& blocks(bool is_small) { return is_small ? small : large; }
  };
  struct Place {
    void* stream;
    Pool* pool;
  };

  std::size_t rounded(std::size_t bytes) const;
  std::size_t segment_size(std::size_t bytes) const;
  void refuse_if_told_to(std::size_t bytes) const;
  Place current_place();
  Block* take_cached(const Place& place, std::size_t bytes);
  Block* take_from_source(const Place& place, std::size_t bytes);
  Block* add_segment(const Place& place, void* memory, std::size_t bytes, bool is_small);
  void* ask_source(std::size_t bytes);
  void split(Block* block, std::size_t bytes);
  void join(Block* left, Block* right) noexcept;
  Block** held_by_graph(Block* block) noexcept;
  void release(Block* block) noexcept;
  void put_back(Block* block) noexcept;
  void mark_uses(Block& block) noexcept;
  void wait_for_uses() noexcept;
  void put_back_unused() noexcept;
  void release_free_segments(Pool& pool) noexcept;

  mutable std::mutex mutex_;
  std::unique_ptr<MemorySource> source_;
  CachingOptions options_;
  Pool shared_;
  std::map<const void*, Pool> of_graphs_;
  std::unordered_map<const void*, Block> blocks_;  // all, by address
  Block* waiting_ = nullptr;                       // freed, while another stream may still use them
  int captures_ = 0;
  AllocatorStats stats_;
  std::size_t limit_ = 0;
  std::uint64_t fails_at_ = 0;
};

}  // namespace ebb
