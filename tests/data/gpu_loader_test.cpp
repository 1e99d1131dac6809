// Batches in pinned memory, and on an emulated GPU whose streams keep their work until something waits for it.
#include <memory>
#include <optional>

#include "ebb/core/streams/stream.h"
#include "ebb/data/loader.h"
#include "ebb/tensor.h"

#include "tests/support/catch.h"
#include "tests/support/cuda_emulator/emulator.h"

using namespace ebb;

namespace {

data::Dataset numbered(std::int64_t count) {
  return {arange(count).to(kFloat32).reshape({count, 1, 1, 1}).expand({count, 1, 2, 2}).contiguous(), arange(count),
          "numbered"};
}

}  // namespace

TEST_CASE("batches in pinned memory go to the GPU while the host goes on", "[io]") {
  auto loader = data::loader(numbered(10), {.batch_size = 4, .pin_memory = true});
  Tensor sum = zeros({}, {.device = kCUDA});
  const auto before = emulator::statistics();
  for (auto& [images, labels] : loader) {
    CHECK(images.is_pinned());
    CHECK(labels.is_pinned());
    sum.add_(images.to(kCUDA, true).sum());
  }
  CHECK(emulator::statistics().host_waits == before.host_waits);
  CHECK(emulator::statistics().pageable_copies == before.pageable_copies);
  CHECK(sum.item<float>() == 4 * 45);
}

TEST_CASE("a loader copies to the GPU ahead, and each batch is there when it is used", "[io]") {
  for (const int prefetch : {0, 1, 3}) {
    for (const bool lazy : {true, false}) {
      std::optional<emulator::LazyStreams> streams;
      if (lazy) streams.emplace();
      auto loader = data::loader(numbered(40), {.batch_size = 4, .prefetch = prefetch, .device = kCUDA});
      Tensor sum = zeros({4, 1, 2, 2}, {.device = kCUDA}), last;
      const auto before = emulator::statistics();
      for (auto& [images, labels] : loader) {
        CHECK(images.device() == kCUDA);
        CHECK(labels.device() == kCUDA);
        sum.add_(images);
        last = labels;
      }
      CHECK(emulator::statistics().host_waits == before.host_waits);
      CHECK(emulator::statistics().pageable_copies == before.pageable_copies);
      CHECK(equal(last.to(kCPU), arange(36, 40)));
      CHECK(sum.to(kCPU).sum().item<float>() == 4 * 780);
    }
  }
}

TEST_CASE("a loader says what it lacks", "[io]") {
  CHECK_THROWS_WITH(data::loader(numbered(4), {.device = {DeviceType::cuda, 7}}),
                    ContainsSubstring("no device cuda:7"));
  CHECK_THROWS_WITH(data::loader(numbered(4), {.device = kMeta}), ContainsSubstring("no elements"));
  emulator::set_device_count(0);
  CHECK_THROWS_WITH(data::loader(numbered(4), {.pin_memory = true}), ContainsSubstring("there is none"));
  emulator::set_device_count(1);
}
