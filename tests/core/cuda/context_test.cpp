#include <string>

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/elementwise/compare.h"
#include "ebb/core/cuda/check.h"
#include "ebb/core/cuda/context.h"
#include "ebb/core/cuda/cublas.h"
#include "ebb/core/error.h"
#include "ebb/core/memory/allocator.h"
#include "ebb/core/tensor.h"
#include "ebb/kernels/cuda/tensor_map.h"
#include "ebb/kernels/matmul/bmm.h"

#include "tests/support/catch.h"
#include "tests/support/cuda_emulator/emulator.h"
#include "tests/support/cuda_emulator/tma/tensor_map.h"

namespace ebb::test {

TEST_CASE("a context is made once for a device") {
  CHECK(&cuda_context(0) == &cuda_context(0));
  CHECK(cuda_context(0).device() == kCUDA);
  CHECK(cuda_context(0).cublas() == cuda_context(0).cublas());
  CHECK(cuda_context(0).multiprocessors() > 0);
}

TEST_CASE("without cuBLAS our own kernel multiplies, and says why") {
  const TensorOptions options{.dtype = kFloat64, .device = kCUDA};
  const Tensor a = ones({1, 3, 4}, options), b = ones({1, 4, 5}, options);
  Tensor y = empty({1, 3, 5}, options);
  emulator::set_cublas(false);
  const kernels::Choice choice = kernels::which_bmm(cuda_context(0), {a, b});
  kernels::bmm(cuda_context(0), a, b, {}, y);
  CHECK_THROWS_AS(cublas_functions(), DeviceError);
  CHECK_THROWS_WITH(cublas_functions(), ContainsSubstring("cuBLAS cannot be used"));
  {
    const kernels::ForceImplementation force("bmm", "cublas");
    CHECK_THROWS_WITH(kernels::bmm(cuda_context(0), a, b, {}, y), ContainsSubstring("cuBLAS cannot be used"));
  }
  emulator::set_cublas(true);
  CHECK(choice.name == std::string("tiled"));
  CHECK(choice.reason ==
        "cublas does not take it: cuBLAS cannot be used: no such file; mma does not take it: the elements are of "
        "neither float32 nor half precision; wgmma does not take it: the elements are of neither float32 nor half "
        "precision; wgmma_tma does not take it: the elements are not of half precision");
  CHECK(equal(y.to(kCPU), full({1, 3, 5}, 4, {.dtype = kFloat64})));
  CHECK(kernels::which_bmm(cuda_context(0), {a, b}).name == std::string("cublas"));
}

TEST_CASE("without tensor maps in the driver TMA is refused, and what the driver refuses is an error") {
  const TensorOptions options{.dtype = kFloat16, .device = kCUDA};
  const Tensor a = ones({1, 8, 8}, options);
  Tensor y = empty({1, 8, 8}, options);
  const kernels::ForceImplementation force("bmm", "wgmma_tma");
  emulator::set_tensor_maps(false);
  CHECK_THROWS_WITH(kernels::bmm(cuda_context(0), a, a, {}, y), ContainsSubstring("it has no cuTensorMapEncodeTiled"));
  emulator::set_tensor_maps(true);
  kernels::bmm(cuda_context(0), a, a, {}, y);
  CHECK(equal(y.to(kCPU), full({1, 8, 8}, 8, {.dtype = kFloat16})));
  const auto make_map = [&](int box_lines) {
    const CUtensorMap map = kernels::tensor_map(kernels::lines_of(a, 2), kFloat16, box_lines);
    return map.opaque[0] != 0;
  };
  CHECK(make_map(256));
  CHECK_THROWS_WITH(make_map(257), ContainsSubstring("cuTensorMapEncodeTiled: error 1"));
}

TEST_CASE("no GPU, no driver and no such device are told apart") {
  CHECK_THROWS_WITH(cuda_context(1), ContainsSubstring("no device cuda:1") && ContainsSubstring("has 1 GPU"));
  CHECK_THROWS_WITH(cuda_context(-1), ContainsSubstring("no device cuda:-1"));
  CHECK_THROWS_WITH(cuda_context(1000), ContainsSubstring("no device cuda:1000"));
  emulator::set_device_count(0);
  CHECK_THROWS_WITH(cuda_context(1), ContainsSubstring("has 0 GPUs"));
  CHECK(cuda_device_count() == 0);
  emulator::set_device_count(-1);
  CHECK_THROWS_WITH(cuda_context(1), ContainsSubstring("no NVIDIA driver"));
  CHECK(cuda_device_count() == 0);
  emulator::set_device_count(1);
  CHECK(cuda_device_count() == 1);
  static_cast<void>(cudaGetLastError());
}

TEST_CASE("an error of CUDA names itself and the line of the call") {
  CHECK_THROWS_WITH(cuda_check(cudaErrorInvalidDevice),
                    ContainsSubstring("cudaErrorInvalidDevice") && ContainsSubstring("context_test.cpp:"));
  CHECK_THROWS_WITH(cublas_check(CUBLAS_STATUS_INVALID_VALUE), ContainsSubstring("CUBLAS_STATUS_INVALID_VALUE"));
  CHECK_NOTHROW(cuda_check(cudaSuccess));
}

TEST_CASE("a tensor that does not fit the GPU is an Error, and leaves it usable") {
  cuda_allocator(0).release_cached();
  emulator::set_memory_limit(1 << 20);
  CHECK_THROWS_WITH(empty({1 << 20}, {.device = kCUDA}), ContainsSubstring("out of memory on cuda:0"));
  emulator::set_memory_limit(0);
  CHECK_NOTHROW(empty({1 << 20}, {.device = kCUDA}));
}

}  // namespace ebb::test
