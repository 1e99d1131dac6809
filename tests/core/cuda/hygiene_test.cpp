// What ebb leaves as it was, and what it says when something fails.
#include <string>
#include <thread>
#include <vector>

#include <cuda_runtime.h>

#include "ebb/core/cuda/check.h"
#include "ebb/core/cuda/context.h"
#include "ebb/core/streams/stream.h"
#include "ebb/kernels/cuda/launch.cuh"
#include "ebb/tensor.h"

#include "tests/support/catch.h"
#include "tests/support/cuda_emulator/emulator.h"

namespace ebb::test {
namespace {

struct Devices {
  explicit Devices(int count) { emulator::set_device_count(count); }
  ~Devices() {
    cudaSetDevice(0);
    emulator::set_device_count(1);
  }
};

Device gpu(int index) { return {DeviceType::cuda, static_cast<std::int16_t>(index)}; }

int current_device() {
  int device = -1;
  cudaGetDevice(&device);
  return device;
}

void named_kernel(float* x) {
  if (kernels::thread_index() == 0) *x = 1;
}

void launch_named(Tensor& x) {
  kernels::launch(cuda_context(0), named_kernel, kernels::threads_for(1), x.data<float>());
}

}  // namespace

TEST_CASE("the device that was current stays so, and one that another library made current does no harm") {
  const Devices devices(2);
  const Tensor x = ones({3}, {.device = gpu(0)}), y = ones({3}, {.device = gpu(1)});
  for (const int device : {0, 1}) {
    cudaSetDevice(device);
    CHECK(equal((x + 1).to(kCPU), full({3}, 2)));
    CHECK(current_device() == device);
    CHECK(equal((y * 3).to(kCPU), full({3}, 3)));
    CHECK(equal(y.to(gpu(0)), x));
    CHECK(current_device() == device);
    CHECK_THROWS_AS(matmul(y, zeros({4}, {.device = gpu(1)})), Error);
    CHECK(current_device() == device);
  }
}

TEST_CASE("a launch that CUDA refuses names its kernel, the op and the line that called it") {
  const Tensor x = ones({3}, {.device = kCUDA});
  emulator::refuse_launch(1, cudaErrorInvalidConfiguration);
  std::string told;
  const int line = __LINE__ + 2;
  try {
    static_cast<void>(x * 2);
  } catch (const DeviceError& error) {
    told = error.what();
  }
  CHECK_THAT(told, ContainsSubstring("mul: CUDA does not launch") && ContainsSubstring("ebb::kernels::") &&
                       ContainsSubstring("map_") && ContainsSubstring("cudaErrorInvalidConfiguration") &&
                       ContainsSubstring("hygiene_test.cpp:" + std::to_string(line)));
  CHECK(equal((x * 2).to(kCPU), full({3}, 2)));
}

TEST_CASE("a kernel that has failed is told apart from the launch after it") {
  Tensor x = ones({3}, {.device = kCUDA});
  cuda::synchronize();
  {
    const emulator::LazyStreams lazy;
    emulator::fault_kernel(1, cudaErrorIllegalAddress);
    const Tensor y = x * 2;  // nothing has run yet
    CHECK_THROWS_WITH(cuda::current_stream().synchronize(),
                      ContainsSubstring("an earlier kernel has failed") && ContainsSubstring("EBB_CUDA_SYNC=1"));
    CHECK_THROWS_WITH(launch_named(x), ContainsSubstring("an earlier kernel has failed") &&
                                           ContainsSubstring("cudaErrorIllegalAddress") &&
                                           ContainsSubstring("before ebb::test::") &&
                                           ContainsSubstring("named_kernel(float*) is launched"));
  }
  emulator::forget_faults();
}

TEST_CASE("an error that a call outside of ebb has left is not blamed on a kernel") {
  Tensor x = ones({3}, {.device = kCUDA});
  cudaSetDevice(17);
  CHECK_THROWS_WITH(launch_named(x),
                    ContainsSubstring("outside of ebb") && ContainsSubstring("cudaErrorInvalidDevice"));
  CHECK_NOTHROW(launch_named(x));
}

TEST_CASE("where each launch is waited for, the kernel that fails is named") {
  const Tensor x = ones({3}, {.device = kCUDA});
  CHECK_FALSE(cuda::is_synchronous());
  cuda::set_synchronous(true);
  const auto waits = emulator::statistics().host_waits;
  CHECK(equal((x * 2).to(kCPU), full({3}, 2)));
  CHECK(emulator::statistics().host_waits > waits + 1);
  emulator::fault_kernel(1, cudaErrorIllegalAddress);
  std::string told;
  const int line = __LINE__ + 2;
  try {
    static_cast<void>(exp(x));
  } catch (const DeviceError& error) {
    told = error.what();
  }
  cuda::set_synchronous(false);
  emulator::forget_faults();
  CHECK_THAT(told, ContainsSubstring("exp: the kernel ") && ContainsSubstring("Exp") &&
                       ContainsSubstring("has failed: cudaErrorIllegalAddress") &&
                       ContainsSubstring("hygiene_test.cpp:" + std::to_string(line)));
}

TEST_CASE("a handle of cuBLAS that cannot be made leaves nothing behind") {
  CudaContext& context = next_cuda_context(0, 0);
  const int handles = emulator::cublas_handles();
  const std::size_t used = cuda_allocator(0).stats().allocated;
  emulator::refuse_cublas_workspace(true);
  CHECK_THROWS_AS(context.cublas(), DeviceError);
  emulator::refuse_cublas_workspace(false);
  cuda_allocator(0).fail_after(1);
  CHECK_THROWS_AS(context.cublas(), OutOfMemoryError);
  CHECK(emulator::cublas_handles() == handles);
  CHECK(cuda_allocator(0).stats().allocated == used);
  CHECK_NOTHROW(context.cublas());
  CHECK(emulator::cublas_handles() == handles + 1);
}

// The emulated cuBLAS ends the program where two threads use a handle at once.
TEST_CASE("several threads multiply on one stream, and start up at once") {
  const Tensor a = full({1, 8, 8}, 2), expected = matmul(a, a);
  std::vector<char> right(4);
  std::vector<std::thread> threads;
  for (char& r : right) {
    threads.emplace_back([&] {
      const Tensor x = a.to(kCUDA);
      bool all = true;
      for (int i = 0; i < 20; ++i) all = all && equal(matmul(x, x).to(kCPU), expected);
      r = all;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(right == std::vector<char>(4, true));
}

}  // namespace ebb::test
