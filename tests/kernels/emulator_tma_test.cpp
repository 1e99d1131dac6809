// What the emulator makes of TMA and of barriers in shared memory, and the mistakes that it must find.
#include <atomic>
#include <cstdint>
#include <vector>

#include <cuda_runtime.h>

#include "ebb/core/context.h"
#include "ebb/kernels/cuda/tensor_map.h"
#include "ebb/kernels/cuda/tma.cuh"
#include "ebb/kernels/cuda/wgmma.cuh"

#include "tests/kernels/both_devices.h"
#include "tests/support/catch.h"

namespace ebb::test {
namespace {

using namespace kernels;

constexpr int box_lines = 16, packet = 8;

struct Box {
  std::uint16_t element[box_lines][64];
  MBarrier full;
};

template <class Kernel>
void launch(unsigned threads, const Kernel& kernel) {
  emulator::launch(dim3(1), dim3(threads), sizeof(WithPlaceToAlign<Box>), kernel);
}

/// What a kernel does otherwise than it should.
struct Mistakes {
  int arrivals = 1;
  unsigned bytes = sizeof(Box::element), parity = 0;
  bool publishes = true;
  std::size_t offset = 0;  // bytes
};

std::atomic<int> waiting_line = 0;

/// What two threads see of the box that begins at `first` of a tensor: element (line, e) as wgmma reads it.
std::vector<std::uint16_t> copied(const Tensor& x, const BoxPlace& first, const Mistakes& mistakes = {}) {
  const CUtensorMap map = tensor_map(lines_of(x, 2), x.dtype(), box_lines);
  std::vector<std::uint16_t> seen(box_lines * 64);
  launch(2, [&] {
    auto& box = shared_for_wgmma<Box>();
    if (threadIdx.x == 0) {
      init_mbarrier(box.full, mistakes.arrivals);
      if (mistakes.publishes) publish_mbarriers();
    }
    __syncthreads();
    if (threadIdx.x == 0) {
      arrive_expecting(box.full, mistakes.bytes);
      copy_box(&box.element[0][0] + mistakes.offset / 2, map, first, box.full);
    } else {
      waiting_line = __LINE__ + 1;
      wait_for_phase(box.full, mistakes.parity);
      for (int l = 0; l < box_lines; ++l) {
        for (int e = 0; e < 64; ++e) seen[l * 64 + e] = box.element[l][(e / packet ^ l % 8) * packet + e % packet];
      }
    }
  });
  return seen;
}

}  // namespace

TEST_CASE("a box is copied in the order that wgmma reads, with zeros for what is outside of the tensor") {
  const Tensor here = random_tensor({3, 20, 72}, kFloat16);
  const Tensor x = on_gpu(here).narrow(2, 0, 70);
  for (const std::uint64_t seed : {0, 1, 2, 3, 4}) {
    emulator::set_seed(seed);
    for (const BoxPlace& first : {BoxPlace{0, 0, 0}, BoxPlace{64, 8, 1}, BoxPlace{16, 3, 2}}) {
      const std::vector<std::uint16_t> seen = copied(x, first);
      int wrong = 0;
      for (int l = 0; l < box_lines; ++l) {
        for (int e = 0; e < 64; ++e) {
          const int line = first.line + l, element = first.element + e;
          const auto* at = here.data<Half>() + (first.matrix * 20 + line) * 72 + element;
          wrong += seen[l * 64 + e] != (line < 20 && element < 70 ? at->bits : 0) ? 1 : 0;
        }
      }
      CHECK(wrong == 0);
    }
  }
  emulator::set_seed(0);
}

TEST_CASE("who waits for an arrival or for bytes that do not come is reported") {
  const Tensor x = on_gpu(random_tensor({1, 16, 64}, kFloat16));
  const auto check_waits_for_ever = [&](const Mistakes& mistakes) {
    std::string message;
    try {
      copied(x, {0, 0, 0}, mistakes);
    } catch (const emulator::Failure& failure) {
      message = failure.what();
    }
    CHECK_THAT(message, ContainsSubstring("emulator_tma_test.cpp:" + std::to_string(waiting_line)));
  };
  check_waits_for_ever({.arrivals = 2});
  check_waits_for_ever({.bytes = sizeof(Box::element) - 16});
  check_waits_for_ever({.bytes = sizeof(Box::element) + 16});
}

TEST_CASE("a copy that nobody waited for, or that has no place or barrier, is reported") {
  const Tensor x = on_gpu(random_tensor({1, 16, 64}, kFloat16));
  const auto check_report = [&](const Mistakes& mistakes, const char* report) {
    CHECK_THROWS_WITH(copied(x, {0, 0, 0}, mistakes), ContainsSubstring(report));
  };
  check_report({.parity = 1}, "ended before its copies");
  check_report({.publishes = false}, "not published");
  check_report({.offset = 16}, "misaligned");
  check_report({.offset = 4096}, "leaves shared memory");
  CHECK_THROWS_WITH(launch(1, [] { arrive(shared_for_wgmma<Box>().full); }),
                    ContainsSubstring("nobody has initialised"));
}

TEST_CASE("phases of a barrier alternate, each with as many arrivals") {
  for (const std::uint64_t seed : {0, 1, 2, 3, 4}) {
    emulator::set_seed(seed);
    int is_there[5][3] = {}, seen[3] = {};
    launch(3, [&] {
      auto& full = shared_for_wgmma<Box>().full;
      if (threadIdx.x == 0) init_mbarrier(full, 3);
      __syncthreads();
      for (unsigned phase = 0; phase < 5; ++phase) {
        is_there[phase][threadIdx.x] = 1;
        arrive(full);
        wait_for_phase(full, phase % 2);
        for (const int other : is_there[phase]) seen[threadIdx.x] += other;
      }
    });
    for (const int all : seen) CHECK(all == 5 * 3);
  }
  emulator::set_seed(0);
}

TEST_CASE("the first threads of a block meet without the others") {
  std::vector<int> given(32), seen(32);
  launch(64, [&] {
    if (threadIdx.x >= 32) return;
    given[threadIdx.x] = 1;
    sync_first_threads<32>();
    seen[threadIdx.x] = given[(threadIdx.x + 1) % 32];
  });
  CHECK(seen == std::vector<int>(32, 1));
  CHECK_THROWS_WITH(launch(64, [] { sync_first_threads<32>(); }), ContainsSubstring("not among those of its barrier"));
}

TEST_CASE("a tensor map that reaches beyond its memory is reported") {
  const TensorLines lines{on_gpu(random_tensor({1, 16, 64}, kFloat16)).raw_data(), 64, 1 << 20, 1, 64, 0};
  const auto map_of_it = [&] {
    const CUtensorMap map = tensor_map(lines, kFloat16, 16);
    return map.opaque[0];
  };
  CHECK_THROWS_WITH(map_of_it(), ContainsSubstring("beyond its memory"));
}

}  // namespace ebb::test
