// A kernel with a mistake that a sanitizer must report: "race" for ThreadSanitizer, "bounds" for AddressSanitizer.
#include <cstdio>
#include <string_view>

#include <cuda_runtime.h>

#include "ebb/kernels/cuda/invoke.cuh"

namespace {

struct Line {
  float value[32];
};

void neighbour(float* y) {
  auto& line = ebb::kernels::block_shared<Line>();
  line.value[threadIdx.x] = 1.0f;
  y[threadIdx.x] = line.value[(threadIdx.x + 1) % 32];  // no barrier
}

void outside(float* y) {
  auto& line = ebb::kernels::block_shared<Line>();
  line.value[threadIdx.x] = 1.0f;
  __syncthreads();
  y[threadIdx.x] = line.value[threadIdx.x + 1];
}

}  // namespace

int main(int argc, char** argv) {
  static float y[32];
  const bool race = argc > 1 && std::string_view(argv[1]) == "race";
  emulator::launch(dim3(1), dim3(32), 0, [&] { race ? neighbour(y) : outside(y); });
  std::printf("%g\n", static_cast<double>(y[0]));
}
