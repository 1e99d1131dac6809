#include "ebb/core/memory/block.h"

#include <cstdlib>

#include <sys/mman.h>

namespace ebb::detail {

void* new_block(std::size_t bytes, std::size_t used) noexcept {
  constexpr std::size_t large_page = std::size_t{2} << 20;
  const std::size_t alignment = used < large_page ? block_alignment : large_page;
  void* block = nullptr;
  if (posix_memalign(&block, alignment, bytes) != 0) return nullptr;
  if (alignment == large_page) {
    madvise(block, used / large_page * large_page, MADV_HUGEPAGE);  // a wish: as well without
  }
  return block;
}

}  // namespace ebb::detail
