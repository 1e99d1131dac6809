#include "ebb/core/cuda/caching_allocator.h"

#include <algorithm>
#include <functional>
#include <new>
#include <utility>
#include <vector>

#include "ebb/core/error.h"
#include "ebb/core/memory/block.h"

namespace ebb {

using detail::round_up;

/// A piece of a segment; its neighbours there are linked in both directions.
struct CachingAllocator::Block {
  struct Use {
    void *stream, *mark;
  };

  std::byte* memory;
  std::size_t bytes;
  void* stream;
  Pool* pool;
  bool small;
  Block* previous = nullptr;
  Block* next = nullptr;
  bool is_used = false;
  /// While it is in none of the sets of free blocks: its node there, so that to free it allocates nothing.
  FreeBlocks::node_type node;
  std::vector<Use> uses;  // by other streams
  bool is_marked = false;
  Block* next_waiting = nullptr;

  Block(std::byte* at, std::size_t size, const Place& place, bool is_small)
      : memory(at), bytes(size), stream(place.stream), pool(place.pool), small(is_small) {}

  bool is_segment() const { return previous == nullptr && next == nullptr; }
  bool is_free() const { return node.empty(); }
  void leave_set() { node = pool->blocks(small).extract(this); }
  void enter_set() { pool->blocks(small).insert(std::move(node)); }
};

bool CachingAllocator::Order::operator()(const Block* a, const Block* b) const {
  if (a->stream != b->stream) return std::less<>()(a->stream, b->stream);
  return a->bytes != b->bytes ? a->bytes < b->bytes : std::less<>()(a->memory, b->memory);
}

CachingAllocator::CachingAllocator(std::unique_ptr<MemorySource> source, CachingOptions options)
    : source_(std::move(source)), options_(std::move(options)) {}

CachingAllocator::~CachingAllocator() {
  wait_for_uses();
  release_free_segments(shared_);
}

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

CachingAllocator::Place CachingAllocator::current_place() {
  const void* key = source_->current_pool();
  return {source_->current_stream(), key == nullptr ? &shared_ : &of_graphs_[key]};
}

void* CachingAllocator::allocate(std::size_t requested) {
  check<OutOfMemoryError>(requested <= PTRDIFF_MAX / 2, "out of memory: cannot allocate ", requested, " bytes on ",
                          options_.name);
  const std::lock_guard guard(mutex_);
  const std::size_t bytes = rounded(requested);
  ++stats_.requests;
  refuse_if_told_to(bytes);
  if (waiting_ != nullptr) put_back_unused();
  const Place place = current_place();
  Block* block = take_cached(place, bytes);
  if (block == nullptr) block = take_from_source(place, bytes);
  split(block, bytes);
  block->is_used = true;
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

/// The smallest free block of the place that is large enough; null where none is.
CachingAllocator::Block* CachingAllocator::take_cached(const Place& place, std::size_t bytes) {
  FreeBlocks& blocks = place.pool->blocks(bytes <= options_.largest_small);
  Block wanted(nullptr, bytes, place, false);
  const auto found = blocks.lower_bound(&wanted);
  if (found == blocks.end() || (*found)->stream != place.stream) return nullptr;
  Block* block = *found;
  block->leave_set();
  stats_.cached -= block->bytes;
  return block;
}

CachingAllocator::Block* CachingAllocator::take_from_source(const Place& place, std::size_t bytes) {
  ++stats_.from_system;
  const std::size_t segment = segment_size(bytes);
  void* memory = ask_source(segment);
  try {
    return add_segment(place, memory, segment, bytes <= options_.largest_small);
  } catch (const std::bad_alloc&) {
    source_->release(memory);
    throw;
  }
}

/// A block that is in use; throws bad_alloc with nothing changed.
CachingAllocator::Block* CachingAllocator::add_segment(const Place& place, void* memory, std::size_t bytes,
                                                       bool is_small) {
  FreeBlocks one;  // whose node the block takes along
  const auto [at, is_new] = blocks_.try_emplace(memory, static_cast<std::byte*>(memory), bytes, place, is_small);
  Block* block = &at->second;
  try {
    one.insert(block);
  } catch (const std::bad_alloc&) {
    blocks_.erase(at);
    throw;
  }
  block->node = one.extract(one.begin());
  return block;
}

void* CachingAllocator::ask_source(std::size_t bytes) {
  void* memory = source_->allocate(bytes);
  if (memory == nullptr && source_->current_pool() == nullptr) {  // what is cached may be just what is missing
    wait_for_uses();
    release_free_segments(shared_);
    memory = source_->allocate(bytes);
  }
  check<OutOfMemoryError>(memory != nullptr, "out of memory on ", options_.name, ": the device refused ", bytes,
                          " bytes, ", stats_.allocated, " in use, ", stats_.cached,
                          " cached in pieces that are too small or of other streams");
  return memory;
}

/// Cuts what `block` has beyond `bytes` off into a free block, where the rest is worth keeping apart, and there is
/// memory of the host to say so.
void CachingAllocator::split(Block* block, std::size_t bytes) {
  const std::size_t rest = block->bytes - bytes;
  const bool worth_it = block->small ? rest >= options_.granularity : rest > options_.largest_small;
  if (!worth_it) return;
  Block* right;
  try {
    right = add_segment({block->stream, block->pool}, block->memory + bytes, rest, block->small);
  } catch (const std::bad_alloc&) {
    return;
  }
  right->previous = block;
  right->next = block->next;
  if (right->next != nullptr) right->next->previous = right;
  block->next = right;
  block->bytes = bytes;
  right->enter_set();
  stats_.cached += rest;
}

/// Both are neighbours and in no set.
void CachingAllocator::join(Block* left, Block* right) noexcept {
  left->bytes += right->bytes;
  left->next = right->next;
  if (left->next != nullptr) left->next->previous = left;
  blocks_.erase(right->memory);
}

void CachingAllocator::put_back(Block* block) noexcept {
  if (Block* next = block->next; next != nullptr && next->is_free()) {
    next->leave_set();
    join(block, next);
  }
  if (Block* previous = block->previous; previous != nullptr && previous->is_free()) {
    previous->leave_set();
    join(previous, block);
    block = previous;
  }
  block->enter_set();
}

void CachingAllocator::deallocate(void* memory, std::size_t) noexcept {
  const std::lock_guard guard(mutex_);
  const auto found = blocks_.find(memory);
  if (found == blocks_.end() || !found->second.is_used) return;
  Block* block = &found->second;
  block->is_used = false;
  stats_.allocated -= block->bytes;
  stats_.cached += block->bytes;
  if (Block** held = held_by_graph(block); held != nullptr) {
    block->next_waiting = std::exchange(*held, block);
    return;
  }
  if (!options_.caches) return release(block);
  if (block->uses.empty()) return put_back(block);
  if (captures_ == 0) mark_uses(*block);
  block->next_waiting = std::exchange(waiting_, block);
}

/// Back to the source, which waits for all streams.
void CachingAllocator::release(Block* block) noexcept {
  for (const Block::Use& use : block->uses) source_->drop_mark(use.mark);
  stats_.cached -= block->bytes;
  source_->release(block->memory);
  blocks_.erase(block->memory);
}

/// Where a freed block goes that a graph may use as long as it is there; null of others.
CachingAllocator::Block** CachingAllocator::held_by_graph(Block* block) noexcept {
  if (!options_.caches && block->pool != &shared_) return &block->pool->held;
  const void* key = source_->current_pool();
  if (key == nullptr) return nullptr;
  const auto found = of_graphs_.find(key);
  if (found == of_graphs_.end() || block->pool == &found->second) return nullptr;
  return &found->second.held;
}

void CachingAllocator::record_stream(const void* memory, void* stream) {
  const std::lock_guard guard(mutex_);
  const auto found = blocks_.find(memory);
  if (found == blocks_.end() || found->second.stream == stream) return;
  std::vector<Block::Use>& uses = found->second.uses;
  if (std::ranges::any_of(uses, [&](const Block::Use& use) { return use.stream == stream; })) return;
  uses.reserve(uses.size() + 1);
  uses.push_back({stream, source_->make_mark(stream)});
}

void CachingAllocator::mark_uses(Block& block) noexcept {
  for (const Block::Use& use : block.uses) source_->set_mark(use.mark, use.stream);
  block.is_marked = true;
}

/// Freed blocks that no other stream uses any more go back to their pools.
void CachingAllocator::put_back_unused() noexcept {
  if (captures_ > 0) return;
  for (Block** at = &waiting_; *at != nullptr;) {
    Block* block = *at;
    if (!block->is_marked) mark_uses(*block);
    const auto is_over = [&](const Block::Use& use) { return source_->is_passed(use.mark); };
    if (!std::ranges::all_of(block->uses, is_over)) {
      at = &block->next_waiting;
      continue;
    }
    for (const Block::Use& use : block->uses) source_->drop_mark(use.mark);
    *at = block->next_waiting;
    block->uses.clear();
    block->is_marked = false;
    block->next_waiting = nullptr;
    put_back(block);
  }
}

void CachingAllocator::wait_for_uses() noexcept {
  if (captures_ > 0) return;
  for (Block* block = waiting_; block != nullptr; block = block->next_waiting) {
    if (!block->is_marked) mark_uses(*block);
    for (const Block::Use& use : block->uses) source_->wait_for(use.mark);
  }
  put_back_unused();
}

void CachingAllocator::release_free_segments(Pool& pool) noexcept {
  for (FreeBlocks* blocks : {&pool.small, &pool.large}) {
    for (auto at = blocks->begin(); at != blocks->end();) {
      Block* block = *at;
      if (!block->is_segment()) {
        ++at;
        continue;
      }
      at = blocks->erase(at);
      release(block);
    }
  }
}

void CachingAllocator::begin_capture(const void* key) {
  const std::lock_guard guard(mutex_);
  of_graphs_.try_emplace(key);
  ++captures_;
}

void CachingAllocator::end_capture() {
  const std::lock_guard guard(mutex_);
  --captures_;
}

void CachingAllocator::close_pool(const void* key) noexcept {
  const std::lock_guard guard(mutex_);
  const auto found = of_graphs_.find(key);
  if (found == of_graphs_.end()) return;
  Pool& pool = found->second;
  while (Block* block = pool.held) {
    pool.held = block->next_waiting;
    if (options_.caches) {
      block->next_waiting = std::exchange(waiting_, block);
    } else {
      release(block);
    }
  }
  wait_for_uses();
  release_free_segments(pool);
  shared_.small.merge(pool.small);
  shared_.large.merge(pool.large);
  for (auto& [memory, block] : blocks_) {
    if (block.pool == &pool) block.pool = &shared_;
  }
  of_graphs_.erase(found);
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
  if (source_->current_pool() != nullptr) return;
  put_back_unused();
  release_free_segments(shared_);
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
