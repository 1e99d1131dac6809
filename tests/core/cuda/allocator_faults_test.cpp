// An allocator of device memory whose own memory on the host runs out.
#include <cstdlib>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "ebb/core/cuda/caching_allocator.h"

#include "tests/support/catch.h"
#include "tests/support/counted_new.h"

namespace ebb::test {
namespace {

class Counted final : public MemorySource {
 public:
  explicit Counted(std::size_t& segments) : segments_(segments) {}
  void* allocate(std::size_t bytes) override {
    ++segments_;
    return std::malloc(bytes);
  }
  void release(void* memory) noexcept override {
    --segments_;
    std::free(memory);
  }

 private:
  std::size_t& segments_;
};

}  // namespace

TEST_CASE(
    "whichever allocation of the host fails, no memory of the device is lost and none is freed with an allocation") {
  int failures = 0;
  for (std::uint64_t nth = 1; nth < 60; ++nth) {
    std::size_t segments = 0;
    auto allocator = std::make_unique<CachingAllocator>(std::make_unique<Counted>(segments), CachingOptions{});
    std::vector<void*> blocks;
    blocks.reserve(8);
    new_counts().fails_at = new_counts().requests + nth;
    try {
      for (int i = 0; i < 4; ++i) blocks.push_back(allocator->allocate(1000));
      for (const int i : {1, 2}) allocator->deallocate(std::exchange(blocks[static_cast<std::size_t>(i)], nullptr), 0);
      blocks.push_back(allocator->allocate(5 << 20));
      blocks.push_back(allocator->allocate(1500));
    } catch (const std::bad_alloc&) {
      ++failures;
    }
    new_counts().fails_at = 0;
    const auto requests = new_counts().requests;
    for (void* block : blocks) {
      if (block != nullptr) allocator->deallocate(block, 0);
    }
    CHECK(new_counts().requests == requests);
    CHECK(allocator->stats().allocated == 0);
    allocator->release_cached();
    CHECK(segments == 0);
  }
  CHECK(failures > 3);
}

}  // namespace ebb::test
