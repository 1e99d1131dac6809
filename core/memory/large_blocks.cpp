#include "ebb/core/memory/large_blocks.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iterator>
#include <new>

#include <sys/mman.h>

#include "ebb/config.h"
#include "ebb/core/memory/block.h"

extern "C" {  // AddressSanitizer's: what is poisoned may not be used
void __asan_poison_memory_region(const volatile void* begin, std::size_t bytes);
void __asan_unpoison_memory_region(const volatile void* begin, std::size_t bytes);
}

namespace ebb::detail {
namespace {

constexpr std::size_t page = 4096, segment = std::size_t{64} << 20;
constexpr bool has_address_sanitizer = !pools_small_objects;
constexpr std::size_t guard = has_address_sanitizer ? page : 0;  // between blocks

void poison([[maybe_unused]] const void* begin, [[maybe_unused]] std::size_t bytes) {
  if constexpr (has_address_sanitizer) __asan_poison_memory_region(begin, bytes);
}

void unpoison([[maybe_unused]] const void* begin, [[maybe_unused]] std::size_t bytes) {
  if constexpr (has_address_sanitizer) __asan_unpoison_memory_region(begin, bytes);
}

void give_to_system(void* begin, std::size_t bytes) noexcept {
  unpoison(begin, bytes);
  // Refused where that makes more pieces of memory than Linux keeps account of.
  if (munmap(begin, bytes) != 0) madvise(begin, bytes, MADV_DONTNEED);
}

/// Null where there is no room; aligned to large pages.
void* map(std::size_t bytes) noexcept {
  const std::size_t room = bytes + large_page;
  void* memory = mmap(nullptr, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  auto* begin = static_cast<std::byte*>(memory);
  const std::size_t before = (large_page - reinterpret_cast<std::uintptr_t>(begin) % large_page) % large_page;
  if (before > 0) munmap(begin, before);
  munmap(begin + before + bytes, large_page - before);
  return begin + before;
}

}  // namespace

std::size_t LargeBlocks::rounded(std::size_t bytes) { return round_up(bytes, page) + guard; }

void* LargeBlocks::new_segment(std::size_t& bytes) noexcept {
  const std::size_t one = round_up(rounded(bytes), large_page), many = std::max(one, segment);
  bytes = many;
  if (void* memory = map(many); memory != nullptr || many == one) return memory;
  bytes = one;
  return map(one);
}

void* LargeBlocks::take(std::size_t bytes) noexcept {
  const std::size_t whole = rounded(bytes);
  const auto is_better = [&](const Piece& a, const Piece& b) {
    const bool a_is_used = a.used >= whole, b_is_used = b.used >= whole;
    return a_is_used != b_is_used ? a_is_used : a.bytes < b.bytes;
  };
  auto best = free_.end();
  for (auto piece = free_.begin(); piece != free_.end(); ++piece) {
    if (piece->bytes >= whole && (best == free_.end() || is_better(*piece, *best))) best = piece;
  }
  if (best == free_.end()) return nullptr;
  std::byte* const block = best->begin;
  const std::size_t used = std::min(best->used, whole);
  if (used < whole && whole >= large_page) ask_for_large_pages(block + used, block + whole);
  cached_ -= used;
  *best = {block + whole, best->bytes - whole, best->used - used};
  if (best->bytes == 0) free_.erase(best);
  unpoison(block, bytes);
  return block;
}

void LargeBlocks::give_back(void* block, std::size_t bytes) noexcept {
  const Piece freed{static_cast<std::byte*>(block), rounded(bytes), rounded(bytes)};
  const auto next = std::ranges::lower_bound(free_, freed.begin, std::less<>(), &Piece::begin);
  const auto previous = next == free_.begin() ? free_.end() : std::prev(next);
  const bool joins_next = next != free_.end() && next->begin == freed.end();
  const bool joins_previous =
      previous != free_.end() && previous->end() == freed.begin && previous->used == previous->bytes;
  poison(block, freed.bytes);
  if (joins_previous) {
    previous->bytes += freed.bytes + (joins_next ? next->bytes : 0);
    previous->used += freed.bytes + (joins_next ? next->used : 0);
    if (joins_next) free_.erase(next);
  } else if (joins_next) {
    *next = {freed.begin, freed.bytes + next->bytes, freed.bytes + next->used};
  } else if (!insert(next, freed)) {
    return;
  }
  cached_ += freed.bytes;
}

bool LargeBlocks::add(void* memory, std::size_t bytes) noexcept {
  auto* begin = static_cast<std::byte*>(memory);
  poison(memory, bytes);
  return insert(std::ranges::lower_bound(free_, begin, std::less<>(), &Piece::begin), {begin, bytes, 0});
}

bool LargeBlocks::insert(Pieces::iterator at, const Piece& piece) noexcept try {
  free_.insert(at, piece);
  return true;
} catch (const std::bad_alloc&) {
  give_to_system(piece.begin, piece.bytes);
  return false;
}

void LargeBlocks::release() noexcept {
  for (const Piece& piece : free_) give_to_system(piece.begin, piece.bytes);
  free_ = {};
  cached_ = 0;
}

}  // namespace ebb::detail
