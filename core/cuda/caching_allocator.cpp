#include "ebb/core/cuda/caching_allocator.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "ebb/core/error.h"

namespace ebb {

/// A piece of a segment; its neighbours there are linked in both directions.
struct CachingAllocator::Block {
  std::byte* memory;
  std::size_t bytes;
  bool small;
  Block* previous = nullptr;
  Block* next = nullptr;
  bool is_free = false;

  bool is_segment() const { return previous == nullptr && next == nullptr; }
};

bool CachingAllocator::BySize::operator()(const Block* a, const Block* b) const {
  return a->bytes != b->bytes ? a->bytes < b->bytes : std::less<>()(a->memory, b->memory);
}

static std::size_t round_up(std::size_t bytes, std::size_t granularity) {
  return (bytes + granularity - 1) / granularity * granularity;
}

CachingAllocator::CachingAllocator(std::unique_ptr<MemorySource> source, CachingOptions options)
    : source_(std::move(source)), options_(std::move(options)) {}

CachingAllocator::~CachingAllocator() { release_free_segments(); }

std::size_t CachingAllocator::rounded(std::size_t bytes) const {
  const std::size_t wanted = std::max<std::size_t>(bytes, 1);
  return options_.caches ? round_up(wanted, options_.granularity) : wanted;
}

std::size_t CachingAllocator::segment_size(std::size_t bytes) const {
  if (!options_.caches) return bytes;
  if (bytes <= options_.largest_small) return options_.small_segment;
  if (bytes <= options_.largest_medium) return options_.large_segment;
  return round_up(bytes, options_.huge_granularity);
}

void* CachingAllocator::allocate(std::size_t requested) {
  check<OutOfMemoryError>(requested <= PTRDIFF_MAX / 2, "out of memory: cannot allocate ", requested, " bytes on ",
                          options_.name);
  const std::lock_guard guard(mutex_);
  const std::size_t bytes = rounded(requested);
  ++stats_.requests;
  refuse_if_told_to(bytes);
  Block* block = take_cached(bytes);
  if (block == nullptr) block = take_from_source(bytes);
  split(block, bytes);
  used_.emplace(block->memory, block);
  stats_.allocated += block->bytes;
  stats_.peak = std::max(stats_.peak, stats_.allocated);
  return block->memory;
}

void CachingAllocator::refuse_if_told_to(std::size_t bytes) const {
  check<OutOfMemoryError>(stats_.requests != fails_at_, "out of memory on ", options_.name, ": ", bytes,
                          " bytes asked for, ", stats_.allocated, " in use");
  check<OutOfMemoryError>(limit_ == 0 || stats_.allocated + bytes <= limit_, "out of memory on ", options_.name, ": ",
                          bytes, " bytes asked for, ", stats_.allocated, " in use, limit ", limit_);
}

/// The smallest free block that is large enough; null where none is.
CachingAllocator::Block* CachingAllocator::take_cached(std::size_t bytes) {
  FreeBlocks& blocks = free_blocks(bytes <= options_.largest_small);
  Block wanted{.memory = nullptr, .bytes = bytes, .small = false};
  const auto found = blocks.lower_bound(&wanted);
  if (found == blocks.end()) return nullptr;
  Block* block = *found;
  blocks.erase(found);
  block->is_free = false;
  stats_.cached -= block->bytes;
  return block;
}

CachingAllocator::Block* CachingAllocator::take_from_source(std::size_t bytes) {
  ++stats_.from_system;
  const std::size_t segment = segment_size(bytes);
  void* memory = ask_source(segment);
  return new Block{
      .memory = static_cast<std::byte*>(memory), .bytes = segment, .small = bytes <= options_.largest_small};
}

void* CachingAllocator::ask_source(std::size_t bytes) {
  void* memory = source_->allocate(bytes);
  if (memory == nullptr) {  // what is cached may be just what is missing
    release_free_segments();
    memory = source_->allocate(bytes);
  }
  check<OutOfMemoryError>(memory != nullptr, "out of memory on ", options_.name, ": the device refused ", bytes,
                          " bytes, ", stats_.allocated, " in use, ", stats_.cached,
                          " cached in pieces that are too small");
  return memory;
}

/// Cuts what `block` has beyond `bytes` off into a free block, where the rest is worth keeping apart.
void CachingAllocator::split(Block* block, std::size_t bytes) {
  const std::size_t rest = block->bytes - bytes;
  const bool worth_it = block->small ? rest >= options_.granularity : rest > options_.largest_small;
  if (!worth_it) return;
  auto* right = new Block{.memory = block->memory + bytes,
                          .bytes = rest,
                          .small = block->small,
                          .previous = block,
                          .next = block->next,
                          .is_free = true};
  if (right->next != nullptr) right->next->previous = right;
  block->next = right;
  block->bytes = bytes;
  free_blocks(right->small).insert(right);
  stats_.cached += rest;
}

/// Both are neighbours and in no set.
CachingAllocator::Block* CachingAllocator::join(Block* left, Block* right) {
  left->bytes += right->bytes;
  left->next = right->next;
  if (left->next != nullptr) left->next->previous = left;
  delete right;
  return left;
}

void CachingAllocator::deallocate(void* memory, std::size_t) noexcept {
  const std::lock_guard guard(mutex_);
  const auto found = used_.find(memory);
  if (found == used_.end()) return;
  Block* block = found->second;
  used_.erase(found);
  stats_.allocated -= block->bytes;
  if (!options_.caches) {
    source_->release(memory);
    delete block;
    return;
  }
  stats_.cached += block->bytes;
  FreeBlocks& blocks = free_blocks(block->small);
  if (Block* next = block->next; next != nullptr && next->is_free) {
    blocks.erase(next);
    join(block, next);
  }
  if (Block* previous = block->previous; previous != nullptr && previous->is_free) {
    blocks.erase(previous);
    block = join(previous, block);
  }
  block->is_free = true;
  blocks.insert(block);
}

void CachingAllocator::release_free_segments() {
  for (FreeBlocks* blocks : {&small_, &large_}) {
    for (auto at = blocks->begin(); at != blocks->end();) {
      Block* block = *at;
      if (!block->is_segment()) {
        ++at;
        continue;
      }
      at = blocks->erase(at);
      stats_.cached -= block->bytes;
      source_->release(block->memory);
      delete block;
    }
  }
}

AllocatorStats CachingAllocator::stats() const {
  const std::lock_guard guard(mutex_);
  return stats_;
}

void CachingAllocator::reset_peak() {
  const std::lock_guard guard(mutex_);
  stats_.peak = stats_.allocated;
}

void CachingAllocator::release_cached() {
  const std::lock_guard guard(mutex_);
  release_free_segments();
}

void CachingAllocator::set_limit(std::size_t bytes) {
  const std::lock_guard guard(mutex_);
  limit_ = bytes;
}

void CachingAllocator::fail_after(std::uint64_t requests) {
  const std::lock_guard guard(mutex_);
  fails_at_ = requests == 0 ? 0 : stats_.requests + requests;
}

}  // namespace ebb
