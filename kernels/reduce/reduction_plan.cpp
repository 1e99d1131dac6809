#include "ebb/kernels/reduce/reduction_plan.h"

#include <algorithm>

#include "ebb/kernels/cpu/row_loop.h"

namespace ebb::kernels {

ReductionPlan plan_reduction(const Tensor& x, const Dims& dims, const Tensor& y) {
  Shape kept_sizes, reduced_sizes;
  Strides kept_x, kept_y, reduced_x;
  for (int i = 0; i < x.dim(); ++i) {
    if (std::ranges::find(dims, i) != dims.end()) {
      reduced_sizes.push_back(x.shape()[i]);
      reduced_x.push_back(x.strides()[i]);
    } else {
      kept_sizes.push_back(x.shape()[i]);
      kept_x.push_back(x.strides()[i]);
      kept_y.push_back(y.strides()[i]);
    }
  }
  ReductionPlan plan{{kept_sizes, {kept_x, kept_y}, numel(kept_sizes)},
                     {reduced_sizes, {reduced_x}, numel(reduced_sizes)}};
  detail::plan_rows(plan.kept.sizes, plan.kept.strides);
  detail::plan_rows(plan.reduced.sizes, plan.reduced.strides);
  return plan;
}

std::int64_t reduced_offset(const Rows<1>& reduced, std::int64_t r) {
  std::int64_t offset = 0;
  for (int d = 1; d < reduced.sizes.size(); ++d) {
    offset += r % reduced.sizes[d] * reduced.strides[0][d];
    r /= reduced.sizes[d];
  }
  return offset;
}

std::int64_t outputs_per_chunk(const ReductionPlan& plan) {
  return std::max<std::int64_t>(1, elements_per_chunk / std::max<std::int64_t>(1, plan.reduced.numel));
}

}  // namespace ebb::kernels
