#include <algorithm>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

#include "ebb/io/system/prefault.h"

#include "tests/support/catch.h"

using namespace ebb;

TEST_CASE("prefaulted memory has its whole pages, and no page beside them", "[io]") {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t pages = 200, bytes = pages * page;
  void* const mapped = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(mapped != MAP_FAILED);
  if (::madvise(mapped, page, 23) != 0) {
    WARN("not tested: the system has no MADV_POPULATE_WRITE");
  } else {
    ::madvise(mapped, bytes, MADV_NOHUGEPAGE);
    const std::span memory(static_cast<std::byte*>(mapped), bytes);
    io::prefault(memory.subspan(10 * page + 1, 100 * page));
    std::vector<unsigned char> present(pages);
    REQUIRE(::mincore(mapped, bytes, present.data()) == 0);
    CHECK(std::count(present.begin(), present.begin() + 11, 1) == 1);  // the one that was asked for first
    CHECK(std::count(present.begin() + 11, present.begin() + 110, 1) == 99);
    CHECK(std::count(present.begin() + 110, present.end(), 1) == 0);
  }
  ::munmap(mapped, bytes);
}
