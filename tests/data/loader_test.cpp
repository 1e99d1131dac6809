#include <algorithm>
#include <vector>

#include "ebb/core/memory/allocator.h"
#include "ebb/data/loader.h"

#include "tests/support/catch.h"

using namespace ebb;
using data::LoaderOptions;

namespace {

/// Image i is filled with i, and so is label i.
data::Dataset numbered(std::int64_t count) {
  data::Dataset set{empty({count, 1, 2, 2}), empty({count}, {.dtype = kInt64}), "numbered"};
  for (std::int64_t i = 0; i < count; ++i) {
    std::fill_n(set.images.data<float>() + 4 * i, 4, static_cast<float>(i));
    set.labels.data<std::int64_t>()[i] = i;
  }
  return set;
}

std::vector<std::int64_t> one_epoch(data::DataLoader& loader) {
  std::vector<std::int64_t> labels;
  for (auto& [images, classes] : loader) {
    REQUIRE(images.size(0) == classes.size(0));
    for (std::int64_t i = 0; i < classes.numel(); ++i) {
      labels.push_back(classes.data<std::int64_t>()[i]);
      REQUIRE(images.data<float>()[4 * i + 3] == static_cast<float>(labels.back()));
    }
  }
  return labels;
}

}  // namespace

TEST_CASE("batches cover the set in order", "[io]") {
  auto loader = data::loader(numbered(10), {.batch_size = 4});
  CHECK(loader.size() == 3);
  CHECK(one_epoch(loader) == std::vector<std::int64_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  CHECK(loader.epoch() == 1);
  auto even = data::loader(numbered(10), {.batch_size = 4, .drop_last = true});
  CHECK(even.size() == 2);
  CHECK(one_epoch(even).size() == 8);
}

TEST_CASE("each epoch has its own order, which the prefetching does not change", "[io]") {
  std::vector<std::vector<std::int64_t>> orders;
  for (const int prefetch : {0, 1, 2, 7}) {
    auto loader = data::loader(numbered(100), {.batch_size = 7, .shuffle = true, .seed = 5, .prefetch = prefetch});
    std::vector<std::int64_t> first = one_epoch(loader), second = one_epoch(loader);
    CHECK(first != second);
    loader.set_epoch(0);
    CHECK(one_epoch(loader) == first);
    orders.push_back(first);
    std::ranges::sort(first);
    for (std::int64_t i = 0; i < 100; ++i) REQUIRE(first[static_cast<std::size_t>(i)] == i);
  }
  for (const auto& order : orders) CHECK(order == orders[0]);
  auto other = data::loader(numbered(100), {.batch_size = 7, .shuffle = true, .seed = 6});
  CHECK(one_epoch(other) != orders[0]);
}

TEST_CASE("a loop may be left at any batch, or nested", "[io]") {
  auto loader = data::loader(numbered(50), {.batch_size = 3, .shuffle = true});
  for (int stop_at = 0; stop_at < 17; ++stop_at) {
    int seen = 0;
    for ([[maybe_unused]] auto& batch : loader) {
      if (seen++ == stop_at) break;
    }
  }
  int outer = 0;
  for ([[maybe_unused]] auto& batch : loader) {
    outer += static_cast<int>(one_epoch(loader).size());
    if (outer == 100) break;
  }
  CHECK(outer == 100);
  auto moved = std::move(loader);
  CHECK(one_epoch(moved).size() == 50);
}

TEST_CASE("an error of the thread is rethrown in the loop", "[io]") {
  for (const int prefetch : {0, 1, 4}) {
    auto loader = data::loader(numbered(50), {.batch_size = 5, .prefetch = prefetch});
    cpu_allocator().fail_after(9);
    CHECK_THROWS_AS(one_epoch(loader), Error);
    cpu_allocator().fail_after(0);
    CHECK(one_epoch(loader).size() == 50);
  }
}

TEST_CASE("empty sets and bad options", "[io]") {
  auto nothing = data::loader(numbered(0), {.batch_size = 4});
  CHECK(nothing.size() == 0);
  CHECK(one_epoch(nothing).empty());
  CHECK_THROWS_AS(data::loader(numbered(3), {.batch_size = 0}), Error);
  CHECK_THROWS_AS(data::loader(numbered(3), {.prefetch = -1}), Error);
  data::Dataset torn = numbered(3);
  torn.labels = empty({2}, {.dtype = kInt64});
  CHECK_THROWS_AS(data::loader(torn), Error);
  CHECK_THROWS_AS(nothing.set_epoch(-1), Error);
}

TEST_CASE("loaders of several ranks share out the batches of one", "[io]") {
  for (const bool drops : {false, true}) {
    auto whole = data::loader(numbered(22), {.batch_size = 6, .shuffle = true, .drop_last = true, .seed = 3});
    const std::vector<std::int64_t> expected = one_epoch(whole);
    std::vector<std::vector<std::int64_t>> parts;
    for (int rank = 0; rank < 3; ++rank) {
      auto part = data::loader(
          numbered(22),
          {.batch_size = 2, .shuffle = true, .drop_last = drops, .seed = 3, .num_replicas = 3, .rank = rank});
      CHECK(part.size() == (drops ? 3 : 4));
      parts.push_back(one_epoch(part));
      CHECK(parts.back().size() == (drops ? 6u : 8u));  // 22 rows are 7 rounds and a third
    }
    for (std::size_t i = 0; i < expected.size(); ++i) CHECK(parts[i % 3][i / 3] == expected[i]);
    if (drops) continue;
    CHECK(parts[1].back() == parts[0].front());  // of the last round, what fills it up
    CHECK(parts[2].back() == parts[1].front());
  }
}
