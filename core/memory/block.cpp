#include "ebb/core/memory/block.h"

#include <cstdlib>

#include <sys/mman.h>

namespace ebb::detail {

void* new_block(std::size_t bytes) noexcept {
  constexpr std::size_t large_page = std::size_t{2} << 20;
  const std::size_t alignment = bytes < large_page ? block_alignment : large_page;
  void* block = nullptr;
  if (posix_memalign(&block, alignment, bytes) != 0) return nullptr;
  if (alignment == large_page) {
    madvise(block, bytes / large_page * large_page, MADV_HUGEPAGE);  // a wish: as well without
  }
  return block;
}

}  // namespace ebb::detail
