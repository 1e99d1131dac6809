#include "ebb/io/system/prefault.h"

#include <cstdint>

#include <sys/mman.h>
#include <unistd.h>

namespace ebb::io {

void prefault(std::span<std::byte> memory) noexcept {
  constexpr std::size_t worthwhile = std::size_t{1} << 18;
  constexpr int populate_write = 23;  // MADV_POPULATE_WRITE, of Linux 5.14, which older headers lack
  if (memory.size() < worthwhile) return;
  static const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t before = -reinterpret_cast<std::uintptr_t>(memory.data()) % page;
  ::madvise(memory.data() + before, (memory.size() - before) / page * page, populate_write);
}

}  // namespace ebb::io
