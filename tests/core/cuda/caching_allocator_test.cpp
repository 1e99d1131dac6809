#include <cstdlib>
#include <cstring>
#include <map>
#include <random>

#include "ebb/core/cuda/caching_allocator.h"
#include "ebb/core/error.h"

#include "tests/support/catch.h"

namespace ebb::test {
namespace {

/// The host's memory, of limited size; what it knows outlives the allocator. Marks are passed when the test says so.
struct HostState {
  std::map<void*, std::size_t> segments;
  std::size_t used = 0, capacity = SIZE_MAX;
  int streams[2] = {};
  int* stream = nullptr;
  const void* pool = nullptr;
  int marks = 0;        // that are there
  int set = 0;          // how often one was set
  bool passes = false;  // what was set
  int waits = 0;
};

class HostMemory final : public MemorySource {
 public:
  explicit HostMemory(HostState& state) : state_(state) {}

  void* allocate(std::size_t bytes) override {
    if (state_.used + bytes > state_.capacity) return nullptr;
    void* memory = std::malloc(bytes);
    state_.segments[memory] = bytes;
    state_.used += bytes;
    return memory;
  }

  void release(void* memory) noexcept override {
    state_.used -= state_.segments.at(memory);
    state_.segments.erase(memory);
    std::free(memory);
  }

  void* current_stream() override { return state_.stream; }
  const void* current_pool() override { return state_.pool; }
  void* make_mark(void*) override {
    ++state_.marks;
    return &state_;
  }
  void set_mark(void*, void*) noexcept override { ++state_.set; }
  bool is_passed(void*) noexcept override { return state_.passes; }
  void wait_for(void*) noexcept override {
    ++state_.waits;
    state_.passes = true;
  }
  void drop_mark(void*) noexcept override { --state_.marks; }

 private:
  HostState& state_;
};

struct Fixture {
  explicit Fixture(CachingOptions options = {}) : allocator(std::make_unique<HostMemory>(host), options) {}
  HostState host;
  CachingAllocator allocator;
};

constexpr std::size_t MiB = 1 << 20;

}  // namespace

TEST_CASE("small requests share a segment of 2 MiB, in multiples of 512 bytes") {
  Fixture f;
  void *a = f.allocator.allocate(1), *b = f.allocator.allocate(513), *c = f.allocator.allocate(0);
  CHECK(f.host.used == 2 * MiB);
  CHECK(static_cast<char*>(b) - static_cast<char*>(a) == 512);
  CHECK(static_cast<char*>(c) - static_cast<char*>(b) == 1024);
  CHECK(f.allocator.stats().allocated == 512 + 1024 + 512);
  CHECK(f.allocator.stats().cached == 2 * MiB - 2048);
  for (void* block : {a, b, c}) f.allocator.deallocate(block, 0);
  CHECK(f.allocator.stats().allocated == 0);
  CHECK(f.allocator.stats().cached == 2 * MiB);
  CHECK(f.allocator.stats().peak == 2048);
}

TEST_CASE("larger requests have segments of 20 MiB, the largest their own") {
  Fixture f;
  void *a = f.allocator.allocate(2 * MiB), *b = f.allocator.allocate(3 * MiB);
  CHECK(f.host.used == 20 * MiB);
  void* c = f.allocator.allocate(31 * MiB + 1);
  CHECK(f.host.used == 52 * MiB);
  CHECK(f.allocator.stats().from_system == 2);
  for (void* block : {a, b, c}) f.allocator.deallocate(block, 0);
}

TEST_CASE("a freed block joins its free neighbours, in any order of freeing") {
  const std::size_t orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
  for (const auto& order : orders) {
    Fixture f;
    void* blocks[3];
    for (void*& block : blocks) block = f.allocator.allocate(512 * 1024);
    for (const std::size_t i : order) f.allocator.deallocate(blocks[i], 512 * 1024);
    void* whole = f.allocator.allocate(1 * MiB);
    CHECK(whole == blocks[0]);
    CHECK(f.allocator.stats().from_system == 1);
    f.allocator.deallocate(whole, 1 * MiB);
    f.allocator.release_cached();
    CHECK(f.host.segments.empty());
    CHECK(f.allocator.stats().cached == 0);
  }
}

TEST_CASE("the smallest block that is large enough is taken") {
  Fixture f;
  void *a = f.allocator.allocate(4096), *gap1 = f.allocator.allocate(512), *b = f.allocator.allocate(1024);
  void* gap2 = f.allocator.allocate(512);
  f.allocator.deallocate(a, 0);
  f.allocator.deallocate(b, 0);
  void* c = f.allocator.allocate(1000);
  CHECK(c == b);
  for (void* block : {gap1, gap2, c}) f.allocator.deallocate(block, 0);
}

TEST_CASE("when the device is full the cache is given back, then the request refused") {
  Fixture f;
  f.host.capacity = 44 * MiB;
  void* a = f.allocator.allocate(30 * MiB);
  f.allocator.deallocate(a, 0);
  void* b = f.allocator.allocate(40 * MiB);  // fits only without the cached 30
  CHECK(f.host.used == 40 * MiB);
  CHECK_THROWS_WITH(f.allocator.allocate(12 * MiB),
                    ContainsSubstring("out of memory on cuda:0") && ContainsSubstring("41943040 in use"));
  CHECK(f.allocator.stats().allocated == 40 * MiB);
  f.allocator.deallocate(b, 0);
  f.allocator.deallocate(f.allocator.allocate(12 * MiB), 0);
}

TEST_CASE("the limit counts what is in use") {
  Fixture f;
  f.allocator.set_limit(4096);
  void* a = f.allocator.allocate(4096);
  CHECK_THROWS_WITH(f.allocator.allocate(1), ContainsSubstring("limit 4096"));
  f.allocator.deallocate(a, 4096);
  f.allocator.deallocate(f.allocator.allocate(4096), 4096);
  f.allocator.set_limit(0);
  f.allocator.deallocate(f.allocator.allocate(8192), 8192);
}

TEST_CASE("the n-th request from now fails once") {
  Fixture f;
  f.allocator.fail_after(2);
  void* a = f.allocator.allocate(100);
  CHECK_THROWS_AS(f.allocator.allocate(100), Error);
  void* b = f.allocator.allocate(100);
  CHECK(f.allocator.stats().requests == 3);
  f.allocator.deallocate(a, 100);
  f.allocator.deallocate(b, 100);
}

TEST_CASE("a block is of the stream that asked for it, and serves no other") {
  Fixture f;
  void* a = f.allocator.allocate(4096);
  f.allocator.deallocate(a, 0);
  f.host.stream = &f.host.streams[1];
  void* b = f.allocator.allocate(4096);
  CHECK(b != a);
  f.allocator.deallocate(b, 0);
  CHECK(f.allocator.allocate(4096) == b);
  f.host.stream = nullptr;
  CHECK(f.allocator.allocate(4096) == a);
  for (void* block : {a, b}) f.allocator.deallocate(block, 0);
}

TEST_CASE("a block that another stream uses is given out when that has passed its mark") {
  Fixture f;
  void* a = f.allocator.allocate(4096);
  f.allocator.record_stream(a, nullptr);  // its own
  CHECK(f.host.marks == 0);
  for (int i = 0; i < 2; ++i) f.allocator.record_stream(a, &f.host.streams[1]);
  f.allocator.record_stream(&f, &f.host.streams[1]);  // memory of somebody else
  CHECK(f.host.marks == 1);
  CHECK(f.host.set == 0);
  f.allocator.deallocate(a, 0);
  CHECK(f.host.set == 1);
  CHECK(f.allocator.stats().allocated == 0);
  void* b = f.allocator.allocate(4096);
  CHECK(b != a);
  f.host.passes = true;
  void* c = f.allocator.allocate(4096);
  CHECK(c == a);
  CHECK(f.host.marks == 0);
  for (void* block : {b, c}) f.allocator.deallocate(block, 0);
  f.allocator.release_cached();
  CHECK(f.host.used == 0);
}

TEST_CASE("when memory has run out, the uses of other streams are waited for") {
  Fixture f;
  f.host.capacity = 40 * MiB;
  void* a = f.allocator.allocate(30 * MiB);
  f.allocator.record_stream(a, &f.host.streams[0]);
  f.allocator.deallocate(a, 0);
  void* b = f.allocator.allocate(32 * MiB);
  CHECK(f.host.waits == 1);
  CHECK(f.host.marks == 0);
  f.allocator.deallocate(b, 0);
}

TEST_CASE("a graph's pool is apart, keeps what is freed meanwhile, and goes back at its end") {
  Fixture f;
  void *before = f.allocator.allocate(4096), *freed_inside = f.allocator.allocate(4096);
  f.allocator.begin_capture(&f);
  f.host.pool = &f;
  void* kept = f.allocator.allocate(4096);
  void* passing = f.allocator.allocate(4096);
  CHECK(f.host.used == 4 * MiB);
  f.allocator.deallocate(passing, 0);
  CHECK(f.allocator.allocate(4096) == passing);
  f.allocator.deallocate(passing, 0);
  f.allocator.deallocate(freed_inside, 0);
  f.host.pool = nullptr;
  f.allocator.end_capture();
  void* other = f.allocator.allocate(4096);
  CHECK(other != passing);
  CHECK(other != freed_inside);
  f.allocator.close_pool(&f);
  CHECK(f.allocator.allocate(4096) == freed_inside);
  CHECK(f.allocator.stats().allocated == 4 * 4096);
  for (void* block : {before, freed_inside, kept, other}) f.allocator.deallocate(block, 0);
  CHECK(f.allocator.stats().cached == f.host.used);
  f.allocator.release_cached();
  CHECK(f.host.used == 0);
}

TEST_CASE("marks are neither set nor asked for while a graph is captured") {
  Fixture f;
  void* a = f.allocator.allocate(4096);
  f.allocator.record_stream(a, &f.host.streams[0]);
  f.allocator.begin_capture(&f);
  f.allocator.deallocate(a, 0);
  f.host.passes = true;
  void* b = f.allocator.allocate(4096);
  CHECK(b != a);
  CHECK(f.host.set == 0);
  f.allocator.end_capture();
  void* c = f.allocator.allocate(4096);
  CHECK(f.host.set == 1);
  CHECK(c == a);
  for (void* block : {b, c}) f.allocator.deallocate(block, 0);
  f.allocator.close_pool(&f);
}

TEST_CASE("without a cache every request has its exact size from the source") {
  CachingOptions options;
  options.caches = false;
  Fixture f(options);
  void *a = f.allocator.allocate(7), *b = f.allocator.allocate(5 * MiB);
  CHECK(f.host.segments.at(a) == 7);
  CHECK(f.host.segments.at(b) == 5 * MiB);
  f.allocator.deallocate(a, 7);
  f.allocator.deallocate(b, 5 * MiB);
  CHECK(f.host.segments.empty());
}

TEST_CASE("blocks never overlap, whatever comes and goes") {
  Fixture f;
  std::mt19937 random(5);
  struct Used {
    unsigned char* memory;
    std::size_t bytes;
    unsigned char mark;
  };
  std::vector<Used> used;
  for (int step = 0; step < 3000; ++step) {
    if (used.size() < 40 && random() % 3 != 0) {
      const std::size_t bytes = random() % 8 == 0 ? 1 + random() % (3 * MiB) : 1 + random() % 5000;
      const auto mark = static_cast<unsigned char>(random());
      used.push_back({static_cast<unsigned char*>(f.allocator.allocate(bytes)), bytes, mark});
      std::memset(used.back().memory, mark, bytes);
    } else if (!used.empty()) {
      std::swap(used[random() % used.size()], used.back());
      const Used u = used.back();
      used.pop_back();
      CHECK(u.memory[0] == u.mark);
      CHECK(u.memory[u.bytes / 2] == u.mark);
      CHECK(u.memory[u.bytes - 1] == u.mark);
      f.allocator.deallocate(u.memory, u.bytes);
    }
  }
  for (const Used& u : used) f.allocator.deallocate(u.memory, u.bytes);
  const AllocatorStats stats = f.allocator.stats();
  CHECK(stats.allocated == 0);
  CHECK(stats.cached == f.host.used);
  f.allocator.reset_peak();
  CHECK(f.allocator.stats().peak == 0);
  f.allocator.release_cached();
  CHECK(f.host.used == 0);
}

}  // namespace ebb::test
