// What CUDA's driver and TMA make of tensor maps.
#include "tests/support/cuda_emulator/tma/tensor_map.h"

#include <algorithm>
#include <cstring>

#include <cuda.h>

#include "ebb/core/cuda/driver.h"

#include "tests/support/cuda_emulator/emulator.h"

namespace emulator {
namespace {

bool has_tensor_maps = true;

/// The rules of cuTensorMapEncodeTiled for what is emulated.
bool is_valid(const TensorMap& map, const cuuint32_t* steps) {
  const auto every = [](const auto& values, auto&& holds) { return std::all_of(values, values + 3, holds); };
  const auto is_stride = [](std::uint64_t bytes) { return bytes % 16 == 0 && bytes < std::uint64_t{1} << 40; };
  return reinterpret_cast<std::uintptr_t>(map.memory) % 16 == 0 && is_stride(map.strides[0]) &&
         is_stride(map.strides[1]) &&
         every(map.sizes, [](std::uint64_t size) { return size > 0 && size <= std::uint64_t{1} << 32; }) &&
         every(map.box, [](std::uint32_t size) { return size > 0 && size <= 256; }) &&
         every(steps, [](std::uint32_t step) { return step == 1; }) && map.box[0] * 2 % 16 == 0 &&
         map.box[0] * 2 <= 128;
}

void check_reach(const TensorMap& map) {
  const auto* end =
      map.memory + (map.sizes[2] - 1) * map.strides[1] + (map.sizes[1] - 1) * map.strides[0] + map.sizes[0] * 2;
  const auto holds = [&](std::span<const char> block) {
    const auto* begin = reinterpret_cast<const unsigned char*>(block.data());
    return map.memory >= begin && end <= begin + block.size();
  };
  const auto blocks = device_memory();
  if (std::none_of(blocks.begin(), blocks.end(), holds)) throw Failure("a tensor map reaches beyond its memory");
}

}  // namespace

void set_tensor_maps(bool are_there) { has_tensor_maps = are_there; }

void BoxCopy::write() {
  is_written = true;
  const auto is_in = [&](int dimension, std::int64_t at) {
    return at >= 0 && at < static_cast<std::int64_t>(map.sizes[dimension]);
  };
  const unsigned char* matrix = map.memory + static_cast<std::uint64_t>(first[2]) * map.strides[1];
  for (std::uint32_t l = 0; l < map.box[1]; ++l) {
    const std::int64_t line = std::int64_t{first[1]} + l;
    for (std::uint32_t e = 0; e < map.box[0]; ++e) {
      const std::int64_t element = std::int64_t{first[0]} + e;
      auto at = reinterpret_cast<std::uintptr_t>(to) + l * map.box[0] * 2 + e * 2;
      at ^= (at >> 7 & 7) << 4;
      const bool is_inside = is_in(0, element) && is_in(1, line) && is_in(2, first[2]);
      const auto from = reinterpret_cast<std::uintptr_t>(matrix) + static_cast<std::uint64_t>(line) * map.strides[0] +
                        static_cast<std::uint64_t>(element) * 2;
      *reinterpret_cast<volatile std::uint16_t*>(at) =
          is_inside ? *reinterpret_cast<const volatile std::uint16_t*>(from) : std::uint16_t{0};
    }
  }
}

}  // namespace emulator

CUresult cuTensorMapEncodeTiled(CUtensorMap* map, CUtensorMapDataType type, cuuint32_t rank, void* memory,
                                const cuuint64_t* sizes, const cuuint64_t* strides, const cuuint32_t* box,
                                const cuuint32_t* steps, CUtensorMapInterleave interleave, CUtensorMapSwizzle swizzle,
                                CUtensorMapL2promotion, CUtensorMapFloatOOBfill fill) {
  const bool is_half = type == CU_TENSOR_MAP_DATA_TYPE_FLOAT16 || type == CU_TENSOR_MAP_DATA_TYPE_BFLOAT16;
  if (!is_half || rank != 3 || interleave != CU_TENSOR_MAP_INTERLEAVE_NONE || swizzle != CU_TENSOR_MAP_SWIZZLE_128B ||
      fill != CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE || reinterpret_cast<std::uintptr_t>(map) % 64 != 0) {
    return CUDA_ERROR_INVALID_VALUE;
  }
  const emulator::TensorMap made{static_cast<const unsigned char*>(memory),
                                 {sizes[0], sizes[1], sizes[2]},
                                 {strides[0], strides[1]},
                                 {box[0], box[1], box[2]}};
  if (!emulator::is_valid(made, steps)) return CUDA_ERROR_INVALID_VALUE;
  emulator::check_reach(made);
  static_assert(sizeof(made) <= sizeof(*map));
  std::memcpy(map, &made, sizeof(made));
  return CUDA_SUCCESS;
}

const ebb::DriverLibrary& ebb::driver_library() {
  static const DriverFunctions functions{cuTensorMapEncodeTiled};
  static const DriverLibrary there{.functions = &functions},
      not_there{.missing = "CUDA's driver cannot be used: it has no cuTensorMapEncodeTiled"};
  return emulator::has_tensor_maps ? there : not_there;
}
