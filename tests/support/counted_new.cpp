#include "tests/support/counted_new.h"

#include <algorithm>
#include <cstdlib>
#include <new>

#include <malloc.h>

namespace ebb::test {

NewCounts& new_counts() {
  static constinit NewCounts counts;
  return counts;
}

}  // namespace ebb::test

namespace {

void* count_new(std::size_t bytes) noexcept {
  ebb::test::NewCounts& counts = ebb::test::new_counts();
  if (++counts.requests == counts.fails_at) return nullptr;
  void* block = std::malloc(bytes);
  if (block == nullptr) return nullptr;
  ++counts.blocks;
  counts.in_use += ::malloc_usable_size(block);
  counts.peak = std::max(counts.peak, counts.in_use);
  return block;
}

void* count_new_or_throw(std::size_t bytes) {
  if (void* block = count_new(bytes)) return block;
  throw std::bad_alloc();
}

void count_delete(void* block) {
  if (block == nullptr) return;
  --ebb::test::new_counts().blocks;
  ebb::test::new_counts().in_use -= ::malloc_usable_size(block);
  std::free(block);
}

}  // namespace

void* operator new(std::size_t bytes) { return count_new_or_throw(bytes); }
void* operator new[](std::size_t bytes) { return count_new_or_throw(bytes); }
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return count_new(bytes); }
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept { return count_new(bytes); }
void operator delete(void* block) noexcept { count_delete(block); }
void operator delete[](void* block) noexcept { count_delete(block); }
void operator delete(void* block, std::size_t) noexcept { count_delete(block); }
void operator delete[](void* block, std::size_t) noexcept { count_delete(block); }
