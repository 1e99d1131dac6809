#include "ebb/kernels/cuda/tensor_map.h"

#include <algorithm>

#include "ebb/core/cuda/driver.h"

namespace ebb::kernels {
namespace {

constexpr std::int64_t element = 2, unit = 16;  // bytes: of an element, and of what TMA counts addresses in
constexpr std::int64_t longest_stride = std::int64_t{1} << 40, largest_size = INT32_MAX;

bool is_one_matrix(const TensorLines& x) { return x.batch == 1 || x.batch_stride == 0; }

}  // namespace

TensorLines lines_of(const Tensor& x, int along) {
  const int across = 3 - along;
  return {x.raw_data(), x.size(along), x.size(across), x.size(0), x.stride(across), x.stride(0)};
}

const char* tensor_map_refusal(const TensorLines& x) {
  if (reinterpret_cast<std::uintptr_t>(x.data) % unit != 0) return "the matrices do not begin at multiples of 16 bytes";
  if (x.lines > 1 && x.line_stride * element % unit != 0) return "their lines do not begin at multiples of 16 bytes";
  if (x.lines > 1 && x.line_stride < x.length) return "their lines overlap";
  if (!is_one_matrix(x) && x.batch_stride * element % unit != 0) {
    return "the matrices of a batch do not begin at multiples of 16 bytes";
  }
  const bool is_large = std::max({x.length, x.lines, x.batch}) > largest_size ||
                        std::max(x.line_stride, x.batch_stride) * element >= longest_stride;
  return is_large ? "they are larger than what a tensor map takes" : nullptr;
}

CUtensorMap tensor_map(const TensorLines& x, DType dtype, int box_lines) {
  constexpr cuuint32_t steps[] = {1, 1, 1};
  const auto bytes = [](std::int64_t elements) { return static_cast<cuuint64_t>(elements * element); };
  const auto size = [](std::int64_t of) { return static_cast<cuuint64_t>(of); };
  const cuuint64_t sizes[] = {size(x.length), size(x.lines), is_one_matrix(x) ? 1 : size(x.batch)};
  // Of a dimension of size 1 the stride says nothing, but the driver reads it.
  const cuuint64_t line_bytes = x.lines > 1 ? bytes(x.line_stride) : (bytes(x.length) + unit - 1) / unit * unit;
  const cuuint64_t strides[] = {line_bytes, is_one_matrix(x) ? line_bytes : bytes(x.batch_stride)};
  const cuuint32_t box[] = {64, static_cast<cuuint32_t>(box_lines), 1};
  CUtensorMap map;
  const CUresult status =
      functions_of(driver_library())
          .encode_tiled_map(
              &map, dtype == kFloat16 ? CU_TENSOR_MAP_DATA_TYPE_FLOAT16 : CU_TENSOR_MAP_DATA_TYPE_BFLOAT16, 3,
              const_cast<void*>(x.data), sizes, strides, box, steps, CU_TENSOR_MAP_INTERLEAVE_NONE,
              CU_TENSOR_MAP_SWIZZLE_128B, CU_TENSOR_MAP_L2_PROMOTION_L2_256B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  check<DeviceError>(status == CUDA_SUCCESS, "cuTensorMapEncodeTiled: error ", static_cast<int>(status),
                     " of CUDA's driver, for ", x.batch, " matrices of ", x.lines, " lines of ", x.length,
                     " elements; forcing another implementation avoids it");
  return map;
}

}  // namespace ebb::kernels
