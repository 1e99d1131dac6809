#include "ebb/autograd/ops/detail/reduced_dims.h"

#include <algorithm>

#include "ebb/autograd/ops/shape/shape.h"

namespace ebb::ops {

Dims resolved(const Dims& dims, int rank) {
  Dims out;
  if (dims.empty()) {
    for (int i = 0; i < rank; ++i) out.push_back(i);
    return out;
  }
  for (const std::int64_t dim : dims) {
    const int d = wrap_dim(dim, rank);
    check(std::ranges::find(out, d) == out.end(), "dimension ", d, " appears twice in ", dims);
    if (rank > 0) out.push_back(d);
  }
  std::ranges::sort(out);
  return out;
}

Shape reduced_shape(const Shape& shape, const Dims& dims, bool keepdim) {
  Shape out = shape;
  for (int i = dims.size() - 1; i >= 0; --i) {
    const int d = static_cast<int>(dims[i]);
    out[d] = 1;
    if (!keepdim) out.erase(d);
  }
  return out;
}

std::int64_t count_of(const Shape& shape, const Dims& dims) {
  std::int64_t count = 1;
  for (const std::int64_t d : dims) count *= shape[static_cast<int>(d)];
  return count;
}

Tensor without_dims(const Tensor& kept, const Dims& dims, bool keepdim) {
  return keepdim ? kept : kept.reshape(reduced_shape(kept.shape(), dims, false));
}

}  // namespace ebb::ops
