// The emulator itself: what correct kernels may rely on, and the mistakes that it must find.
#include <atomic>
#include <numeric>
#include <vector>

#include <cuda_runtime.h>

#include "ebb/core/cuda/context.h"
#include "ebb/kernels/cuda/launch.cuh"
#include "ebb/kernels/cuda/shuffle.cuh"

#include "tests/support/catch.h"
#include "tests/support/cuda_emulator/emulator.h"
#include "tests/support/cuda_emulator/sanitizers.h"

namespace ebb::test {
namespace {

using kernels::block_shared;

constexpr int side = 64;

struct Line {
  float value[side];
};

template <bool waits>
void reverse(const float* x, float* y) {
  auto& line = block_shared<Line>();
  line.value[threadIdx.x] = x[threadIdx.x];
  if constexpr (waits) __syncthreads();
  y[threadIdx.x] = line.value[side - 1 - threadIdx.x];
}

template <class Kernel>
void launch(unsigned blocks, unsigned threads, const Kernel& kernel, std::size_t shared = 0) {
  emulator::launch(dim3(blocks), dim3(threads), shared, kernel);
}

template <bool waits>
bool reverses(std::uint64_t seed) {
  std::vector<float> x(side), y(side);
  std::iota(x.begin(), x.end(), 1.0f);
  emulator::set_seed(seed);
  launch(1, side, [&] { reverse<waits>(x.data(), y.data()); });
  emulator::set_seed(0);
  return std::equal(x.rbegin(), x.rend(), y.begin());
}

bool is_poison(float value) { return value != value; }

}  // namespace

TEST_CASE("every thread of every block runs once") {
  for (const std::uint64_t seed : {0, 7}) {
    emulator::set_seed(seed);
    std::vector<int> runs(3 * 2 * 2 * 4 * 3 * 2);
    emulator::launch(dim3(3, 2, 2), dim3(4, 3, 2), 0, [&] {
      const unsigned block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
      const unsigned thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
      ++runs[block * 24 + thread];
    });
    CHECK(runs == std::vector<int>(runs.size(), 1));
  }
  emulator::set_seed(0);
}

TEST_CASE("a barrier makes shared memory visible in every order of threads") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) CHECK(reverses<true>(seed));
}

TEST_CASE("a missing barrier gives a wrong result") {
  if (__tsan_create_fiber != nullptr) return;  // it would report the race, as emulator_race shows
  for (std::uint64_t seed = 1; seed < 20; ++seed) CHECK_FALSE(reverses<false>(seed));
}

TEST_CASE("threads at different barriers are reported with both lines") {
  std::atomic<int> first_line = 0, second_line = 0;  // a launch that fails orders nothing
  const auto diverge = [&] {
    if (threadIdx.x < 16) {
      if (threadIdx.x == 0) first_line = __LINE__ + 1;
      __syncthreads();
    } else {
      if (threadIdx.x == 16) second_line = __LINE__ + 1;
      __syncwarp();
    }
  };
  std::string message;
  try {
    launch(1, 32, diverge);
  } catch (const emulator::Failure& failure) {
    message = failure.what();
  }
  CHECK_THAT(message, ContainsSubstring("different barriers"));
  CHECK_THAT(message, ContainsSubstring("emulator_test.cpp:" + std::to_string(first_line)));
  CHECK_THAT(message, ContainsSubstring("emulator_test.cpp:" + std::to_string(second_line)));
  CHECK(reverses<true>(3));  // and the next launch is not disturbed
}

TEST_CASE("a lane that is not in its own mask is reported") {
  CHECK_THROWS_WITH(launch(1, 32, [] { __syncwarp(0xffffu); }), ContainsSubstring("not in the mask"));
}

TEST_CASE("threads that have returned are not waited for") {
  std::vector<int> seen(64);
  launch(1, 64, [&] {
    if (threadIdx.x % 2 == 1) return;
    __syncthreads();
    seen[threadIdx.x] = __shfl_sync(0x55555555u, static_cast<int>(threadIdx.x), 4);
  });
  for (int i = 0; i < 64; ++i) CHECK(seen[i] == (i % 2 == 1 ? 0 : i / 32 * 32 + 4));
}

TEST_CASE("shuffles read the lanes that CUDA says") {
  constexpr unsigned all = 0xffffffffu;
  int down[32], up[32], crossed[32], segment[32], broadcast[32];
  launch(1, 32, [&] {
    const int lane = static_cast<int>(threadIdx.x);
    down[lane] = __shfl_down_sync(all, lane, 3);
    up[lane] = __shfl_up_sync(all, lane, 5);
    crossed[lane] = __shfl_xor_sync(all, lane, 9);
    segment[lane] = __shfl_down_sync(all, lane, 3, 8);
    broadcast[lane] = __shfl_sync(all, lane, 2, 8);
  });
  for (int lane = 0; lane < 32; ++lane) {
    CHECK(down[lane] == (lane + 3 < 32 ? lane + 3 : lane));
    CHECK(up[lane] == (lane >= 5 ? lane - 5 : lane));
    CHECK(crossed[lane] == (lane ^ 9));
    CHECK(segment[lane] == (lane % 8 + 3 < 8 ? lane + 3 : lane));
    CHECK(broadcast[lane] == lane / 8 * 8 + 2);
  }
}

TEST_CASE("a value from a lane outside of the mask is poison") {
  std::vector<float> got(32, 1.0f);
  launch(1, 32, [&] {
    if (threadIdx.x < 8) got[threadIdx.x] = __shfl_sync(0xffu, 2.0f, 20);
  });
  for (int i = 0; i < 8; ++i) CHECK(is_poison(got[i]));
}

TEST_CASE("a ballot collects the votes of the mask") {
  unsigned all = 0, some = 0;
  launch(1, 32, [&] {
    const unsigned even = __ballot_sync(0xffffffffu, threadIdx.x % 2 == 0);
    if (threadIdx.x == 0) all = even;
    if (threadIdx.x >= 16) {
      const unsigned votes = __ballot_sync(0xffff0000u, threadIdx.x < 20);
      if (threadIdx.x == 16) some = votes;
    }
  });
  CHECK(all == 0x55555555u);
  CHECK(some == 0x000f0000u);
}

TEST_CASE("values of any size pass through a warp") {
  struct Wide {
    double a;
    std::int64_t b;
    bool c;
  };
  Wide got{};
  launch(1, 32, [&] {
    const int lane = static_cast<int>(threadIdx.x);
    const Wide sum = kernels::warp_reduce(Wide{lane * 0.5, lane, lane == 31}, [](const Wide& a, const Wide& b) {
      return Wide{a.a + b.a, a.b + b.b, a.c || b.c};
    });
    if (lane == 0) got = sum;
  });
  CHECK(got.a == 248.0);
  CHECK(got.b == 496);
  CHECK(got.c);
}

TEST_CASE("shared memory is poison at the start of every block") {
  std::vector<float> first(6), dynamic(6);
  launch(
      6, 2,
      [&] {
        auto& line = block_shared<Line>();
        auto* floats = static_cast<float*>(emulator::dynamic_shared_memory());
        if (threadIdx.x == 0) {
          first[blockIdx.x] = line.value[5];
          dynamic[blockIdx.x] = floats[3];
          line.value[5] = floats[3] = 1.0f;
        }
      },
      4 * sizeof(float));
  for (int i = 0; i < 6; ++i) CHECK((is_poison(first[i]) && is_poison(dynamic[i])));
}

TEST_CASE("sizes that no GPU takes are refused, and empty launches skipped") {
  CHECK_THROWS_AS(launch(1, 1025, [] {}), emulator::Failure);
  CHECK_THROWS_AS(launch(0, 32, [] {}), emulator::Failure);
  CHECK_THROWS_AS(emulator::launch(dim3(1, 65536), dim3(1), 0, [] {}), emulator::Failure);
  const auto before = emulator::statistics().launches;
  kernels::launch(
      cuda_context(0), +[](int) {}, kernels::threads_for(0), 1);
  CHECK(emulator::statistics().launches == before);
  kernels::launch(
      cuda_context(0), +[](int) {}, kernels::threads_for(1), 1);
  CHECK(emulator::statistics().launches == before + 1);
}

TEST_CASE("device memory starts as poison and runs out where it is told to") {
  void* memory = nullptr;
  REQUIRE(cudaMalloc(&memory, 64) == cudaSuccess);
  CHECK(is_poison(static_cast<float*>(memory)[7]));
  CHECK(cudaFree(memory) == cudaSuccess);
  CHECK(cudaFree(&memory) == cudaErrorInvalidValue);
  emulator::set_memory_limit(1);
  CHECK(cudaMalloc(&memory, 64) == cudaErrorMemoryAllocation);
  CHECK(cudaGetLastError() == cudaErrorMemoryAllocation);
  CHECK(cudaGetLastError() == cudaSuccess);
  emulator::set_memory_limit(0);
}

}  // namespace ebb::test
