#include "ebb/kernels/matmul/hopper/factor_maps.h"

#include "ebb/core/cuda/driver.h"
#include "ebb/kernels/matmul/bmm_on_gpu.h"

namespace ebb::kernels {

static constexpr std::int64_t largest_grid = 65535;  // of blocks in z, each with a matrix

const char* why_no_tensor_maps(const Tensor& a, const Tensor& b) {
  for (const auto& [x, k] : {std::pair(&a, 2), std::pair(&b, 1)}) {
    if (x->stride(1) != 1 && x->stride(2) != 1) return "the matrices lie neither by rows nor by columns";
    const TensorLines lines = lines_of(*x, x->stride(k) == 1 ? k : 3 - k);
    if (const char* refusal = tensor_map_refusal(lines)) return refusal;
  }
  if (a.size(0) > largest_grid) return "there are more than 65535 matrices";
  return driver_library().missing;
}

FactorMaps factor_maps(const Tensor& a, const Tensor& b, const FactorOrder& order, const PanelSizes& sizes) {
  const TensorLines of_a = lines_of(a, order.a_by_k ? 2 : 1), of_b = lines_of(b, order.b_by_k ? 1 : 2);
  return {tensor_map(of_a, a.dtype(), order.a_by_k ? sizes.rows : sizes.depth),
          tensor_map(of_b, b.dtype(), order.b_by_k ? sizes.columns : sizes.depth)};
}

}  // namespace ebb::kernels
