// In the place of described_gpu.cpp in builds without cuDNN's header.
#include "ebb/core/error.h"

#include "apps/bench/cuda/described_gpu.h"

namespace ebb::bench {

CudnnAdvice cudnn_on_described_gpu(const std::string&) {
  fail(
      "--gpu: this ebb was built without CUDA, or without cuDNN's header, and it is cuDNN that plans for a GPU which "
      "is not "
      "there");
}

}  // namespace ebb::bench
