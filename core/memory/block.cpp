#include "ebb/core/memory/block.h"

#include <cstdint>
#include <cstdlib>

#include <sys/mman.h>

namespace ebb::detail {

void* new_block(std::size_t bytes) noexcept {
  void* block = nullptr;
  if (posix_memalign(&block, bytes < large_page ? block_alignment : large_page, bytes) != 0) return nullptr;
  if (bytes >= large_page) {
    auto* begin = static_cast<std::byte*>(block);
    ask_for_large_pages(begin, begin + bytes / large_page * large_page);
  }
  return block;
}

void ask_for_large_pages(std::byte* begin, std::byte* end) noexcept {
  const std::size_t before = reinterpret_cast<std::uintptr_t>(begin) % large_page;
  const std::size_t bytes = round_up(static_cast<std::size_t>(end - begin) + before, large_page);
  madvise(begin - before, bytes, MADV_HUGEPAGE);  // a wish: as well without
}

}  // namespace ebb::detail
