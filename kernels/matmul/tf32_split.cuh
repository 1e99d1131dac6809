#pragma once

#include <bit>
#include <cstdint>

#include "ebb/kernels/cuda/invoke.cuh"

namespace ebb::kernels {

/// How many products of TF32 make one of float32. Of three, the numbers are split into their leading 11 bits and what
/// is left, of which all products but that of the two rests are added: Ootomo and Yokota, "Recovering single precision
/// accuracy from Tensor Cores while surpassing the FP32 theoretical peak performance", 2022.
enum class MmaTerms { one = 1, three = 3 };

template <int count, MmaTerms terms>
struct Split {
  float leading[count], rest[count];

  __device__ void set(int i, float x) {
    leading[i] = x;
    if constexpr (terms == MmaTerms::three) {
      leading[i] = std::bit_cast<float>((std::bit_cast<std::uint32_t>(x) + 0x1000u) & 0xffffe000u);
      rest[i] = x - leading[i];
    }
  }
};

}  // namespace ebb::kernels
