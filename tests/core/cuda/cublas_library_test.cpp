// The real libraries, which take no GPU to be opened.
#include <fstream>
#include <iterator>
#include <string>

#include "ebb/core/context.h"
#include "ebb/core/cuda/cublas.h"
#include "ebb/core/cuda/driver.h"
#include "ebb/tensor.h"

#include "tests/support/catch.h"

using namespace ebb;

static bool is_loaded(const char* library) {
  std::ifstream maps("/proc/self/maps");
  return std::string(std::istreambuf_iterator<char>(maps), {}).find(library) != std::string::npos;
}

TEST_CASE("cuBLAS is opened when it is first asked for, and not before") {
  CHECK(matmul(ones({3, 3}), ones({3, 3})).sum().item<float>() == 27);
  static_cast<void>(is_available(kCUDA));
  CHECK_FALSE(is_loaded("libcublas"));
  CHECK_FALSE(is_loaded("libcudnn"));  // plans_test.cpp opens that
  REQUIRE(cublas_library().functions != nullptr);
  CHECK(cublas_library().missing == nullptr);
  CHECK(is_loaded("libcublas"));
  CHECK(cublas_functions().status_name(CUBLAS_STATUS_NOT_INITIALIZED) == std::string("CUBLAS_STATUS_NOT_INITIALIZED"));
}

TEST_CASE("where CUDA's driver, or its tensor maps, are not there, that is said") {
  const DriverLibrary& library = driver_library();
  if (library.functions == nullptr) {
    CHECK_THAT(std::string(library.missing),
               ContainsSubstring("CUDA's driver cannot be used: ") && ContainsSubstring("libcuda.so.1"));
  } else {
    CHECK(library.functions->encode_tiled_map != nullptr);
  }
}
