#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <random>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/config.h"
#include "ebb/core/memory/allocator.h"
#include "ebb/core/tensor.h"

#include "tests/support/catch.h"
#include "tests/support/files.h"
#include "tests/support/fork.h"

using namespace ebb;
using test::message_of;

namespace {

/// The allocator, empty of cached blocks, without a limit when the test ends.
struct Fresh {
  Fresh() { memory.release_cached(); }
  Fresh(const Fresh&) = delete;
  Fresh& operator=(const Fresh&) = delete;
  ~Fresh() {
    memory.set_limit(0);
    memory.fail_after(0);
  }
  Allocator& memory = cpu_allocator();
};

}  // namespace

TEST_CASE("blocks are aligned to 64 bytes and hold what was asked for") {
  Fresh fresh;
  std::vector<std::pair<void*, std::size_t>> blocks;
  for (const std::size_t bytes : {0, 1, 63, 64, 65, 255, 257, 1000, 4097, 100000, 1 << 20}) {
    void* block = fresh.memory.allocate(bytes);
    std::memset(block, 0x5a, bytes);
    CHECK(reinterpret_cast<std::uintptr_t>(block) % 64 == 0);
    for (const auto& [other, size] : blocks) CHECK(other != block);
    blocks.emplace_back(block, bytes);
  }
  for (const auto& [block, bytes] : blocks) fresh.memory.deallocate(block, bytes);
}

TEST_CASE("a freed block serves the next request of its size") {
  Fresh fresh;
  void* first = fresh.memory.allocate(1000);
  fresh.memory.deallocate(first, 1000);
  const AllocatorStats before = fresh.memory.stats();
  CHECK(before.cached >= 1000);
  void* second = fresh.memory.allocate(1001);
  CHECK(second == first);
  const AllocatorStats after = fresh.memory.stats();
  CHECK(after.requests == before.requests + 1);
  CHECK(after.from_system == before.from_system);
  CHECK(after.cached == 0);
  fresh.memory.deallocate(second, 1001);
  fresh.memory.release_cached();
  CHECK(fresh.memory.stats().cached == 0);
}

TEST_CASE("what large blocks leave behind serves smaller ones and, joined, larger ones") {
  Fresh fresh;
  constexpr std::size_t mega = std::size_t{1} << 20;
  std::vector<void*> blocks;
  for (int i = 0; i < 8; ++i) blocks.push_back(fresh.memory.allocate(3 * mega));
  void* above = fresh.memory.allocate(3 * mega);
  const std::uint64_t segments = fresh.memory.stats().from_system;
  for (const int i : {1, 3, 5, 7, 0, 2, 4, 6}) {  // first apart from each other, then what lies between them
    fresh.memory.deallocate(blocks[static_cast<std::size_t>(i)], 3 * mega);
  }
  CHECK(fresh.memory.stats().cached >= 24 * mega);
  void* large = fresh.memory.allocate(16 * mega);
  std::vector<void*> small;
  for (int i = 0; i < 7; ++i) small.push_back(fresh.memory.allocate(mega));
  CHECK(fresh.memory.stats().cached <= mega);
  CHECK(fresh.memory.stats().from_system == segments);
  fresh.memory.deallocate(large, 16 * mega);
  for (void* block : small) fresh.memory.deallocate(block, mega);
  fresh.memory.deallocate(above, 3 * mega);
}

TEST_CASE("blocks in use never overlap, whatever was freed before") {
  Fresh fresh;
  struct Used {
    unsigned char* bytes;
    std::size_t size;
    unsigned char mark;
  };
  std::vector<Used> all;
  std::mt19937 random(7);
  const auto drop = [&](std::size_t i) {
    const Used used = all[i];
    CHECK(std::all_of(used.bytes, used.bytes + used.size, [&](unsigned char byte) { return byte == used.mark; }));
    fresh.memory.deallocate(used.bytes, used.size);
    all.erase(all.begin() + static_cast<std::ptrdiff_t>(i));
  };
  const std::size_t before = fresh.memory.stats().allocated;
  for (int i = 0; i < 400; ++i) {
    if (all.size() > 20 || (!all.empty() && random() % 3 == 0)) {
      drop(random() % all.size());
    } else {
      const std::size_t size = random() % (std::size_t{1} << (12 + random() % 10)) + 1;
      all.push_back({static_cast<unsigned char*>(fresh.memory.allocate(size)), size, static_cast<unsigned char>(i)});
      std::memset(all.back().bytes, all.back().mark, size);
    }
    if (i % 100 == 99) fresh.memory.release_cached();
  }
  while (!all.empty()) drop(0);
  CHECK(fresh.memory.stats().allocated == before);
}

TEST_CASE("where there is no room for a segment of many blocks, there may be for one block") {
  if (!pools_small_objects) return;  // AddressSanitizer takes address space of its own
  CHECK(test::holds_in_child([] {
    cpu_allocator().release_cached();
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    const rlim_t room = pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE)) + (rlim_t{24} << 20);
    const rlimit limit{room, room};
    if (setrlimit(RLIMIT_AS, &limit) != 0) return false;
    constexpr std::size_t mega = std::size_t{1} << 20;
    void* block = cpu_allocator().allocate(8 * mega);
    std::memset(block, 1, 8 * mega);
    return message_of([] { cpu_allocator().allocate(40 * mega); }).find("out of memory: the system refused") == 0;
  }));
}

TEST_CASE("release_cached gives memory back to the system, from below blocks in use, too") {
  if (!pools_small_objects) return;  // AddressSanitizer keeps what was freed for a while
  Fresh fresh;
  constexpr std::size_t mega = std::size_t{1} << 20;
  const auto resident = [] {
    std::size_t all = 0, here = 0;
    std::ifstream("/proc/self/statm") >> all >> here;
    return here * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  };
  const auto filled = [&](std::size_t bytes) {
    void* block = fresh.memory.allocate(bytes);
    std::memset(block, 1, bytes);
    return block;
  };
  fresh.memory.deallocate(filled(20 * mega), 20 * mega);
  fresh.memory.release_cached();  // from here on, malloc takes blocks up to this size from its heap
  const std::size_t before = resident();
  std::vector<void*> blocks;
  for (int i = 0; i < 100; ++i) blocks.push_back(filled(mega));
  void* above = filled(mega);
  for (void* block : blocks) fresh.memory.deallocate(block, mega);
  CHECK(resident() > before + 90 * mega);
  fresh.memory.release_cached();
  CHECK(resident() < before + 20 * mega);
  fresh.memory.deallocate(above, mega);
}

TEST_CASE("statistics follow use, peak and waste") {
  Fresh fresh;
  fresh.memory.reset_peak();
  const std::size_t at_first = fresh.memory.stats().allocated;
  {
    const Tensor a = empty({1000}), b = empty({500});
    const std::size_t used = fresh.memory.stats().allocated - at_first;
    CHECK(used >= 6000);
    CHECK(used <= 6000 * 5 / 4 + 128);
  }
  CHECK(fresh.memory.stats().allocated == at_first);
  CHECK(fresh.memory.stats().peak >= at_first + 6000);
  fresh.memory.reset_peak();
  CHECK(fresh.memory.stats().peak == at_first);
}

TEST_CASE("a limit refuses, says why, and leaves the allocator usable") {
  Fresh fresh;
  fresh.memory.set_limit(fresh.memory.stats().allocated + 10000);
  const Tensor fits = empty({1000});
  const std::string message = message_of([] { empty({10000}); });
  CHECK(message.find("out of memory: 40960 bytes asked for") == 0);
  CHECK(message.find("limit ") != std::string::npos);
  CHECK_NOTHROW(empty({1000}));
  fresh.memory.set_limit(0);
  CHECK_NOTHROW(empty({10000}));
}

TEST_CASE("the n-th request fails once") {
  Fresh fresh;
  fresh.memory.fail_after(2);
  CHECK_NOTHROW(empty({4}));
  const std::size_t before = fresh.memory.stats().allocated;
  CHECK(message_of([] { empty({4}); }).find("out of memory") == 0);
  CHECK(fresh.memory.stats().allocated == before);
  CHECK_NOTHROW(empty({4}));
}

TEST_CASE("a block that is kept is refused as a new one is") {
  Fresh fresh;
  for (int i = 0; i < 2; ++i) empty({4});  // leaves one behind
  const AllocatorStats before = fresh.memory.stats();
  REQUIRE(before.cached > 0);
  fresh.memory.set_limit(before.allocated + 1);
  CHECK(message_of([] { empty({4}); }).find("out of memory: 64 bytes asked for") == 0);
  fresh.memory.set_limit(0);
  fresh.memory.fail_after(1);
  CHECK(message_of([] { empty({4}); }).find("out of memory") == 0);
  CHECK_NOTHROW(empty({4}));
  const AllocatorStats after = fresh.memory.stats();
  CHECK(after.requests == before.requests + 3);
  CHECK(after.from_system == before.from_system);
  CHECK(after.cached == before.cached);
  CHECK(after.allocated == before.allocated);
}

TEST_CASE("sizes of one class share a list, and no class is too small") {
  Fresh fresh;
  for (std::size_t bytes = 1; bytes < (std::size_t{192} << 10); bytes += bytes / 7 + 1) {
    const std::size_t before = fresh.memory.stats().allocated;
    void* block = fresh.memory.allocate(bytes);
    const std::size_t taken = fresh.memory.stats().allocated - before;
    CHECK(taken >= bytes);
    CHECK(taken <= bytes * 5 / 4 + 64);
    fresh.memory.deallocate(block, bytes);
    void* again = fresh.memory.allocate(taken);
    CHECK(again == block);
    fresh.memory.deallocate(again, taken);
  }
}

TEST_CASE("threads share the allocator, and free what others made") {
  Fresh fresh;
  const AllocatorStats before = fresh.memory.stats();
  constexpr int threads = 4, rounds = 2000;
  std::array<std::vector<Tensor>, threads> made;
  const auto on_all = [&](auto&& body) {
    std::vector<std::thread> running;
    for (int t = 0; t < threads; ++t) running.emplace_back([&, t] { body(t); });
    for (std::thread& thread : running) thread.join();
  };
  on_all([&](int t) {
    for (int i = 0; i < rounds; ++i) {
      Tensor x = empty({i % 100});
      std::ranges::fill(std::span(x.data<float>(), static_cast<std::size_t>(i % 100)), static_cast<float>(t));
      if (i % 2 == 0) made[static_cast<std::size_t>(t)].push_back(x);
    }
  });
  CHECK(fresh.memory.stats().requests == before.requests + threads * rounds);
  std::array<int, threads> wrong{};
  on_all([&](int t) {
    const int maker = (t + 1) % threads;
    for (const Tensor& x : made[static_cast<std::size_t>(maker)]) {
      for (std::int64_t i = 0; i < x.numel(); ++i) {
        wrong[static_cast<std::size_t>(t)] += x.data<float>()[i] != static_cast<float>(maker);
      }
    }
    made[static_cast<std::size_t>(maker)].clear();
  });
  CHECK(wrong == std::array<int, threads>{});
  CHECK(fresh.memory.stats().allocated == before.allocated);
}

TEST_CASE("what no machine has is an error, not a crash") {
  Fresh fresh;
  const std::size_t before = fresh.memory.stats().allocated;
  CHECK(message_of([] { empty({std::int64_t{1} << 61}); }).find("out of memory") == 0);
  CHECK_THROWS_AS(empty({std::int64_t{1} << 62, 4}), Error);
  CHECK(fresh.memory.stats().allocated == before);
}

TEST_CASE("a storage counts its writes and remembers the last") {
  const Tensor x = zeros({3});
  const auto before = x.storage().version();
  const Tensor view = x.narrow(0, 1, 2);
  view.add_(1);
  const int line = __LINE__ - 1;
  CHECK(x.storage().version() == before + 1);
  CHECK(x.storage().last_writer() == std::string("add_"));
  CHECK(x.storage().last_write_site().line == line);
  x.detach().zero_();
  CHECK(view.storage().version() == before + 2);
  CHECK(x.clone().storage().version() == 0);
}
