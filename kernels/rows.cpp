#include "ebb/kernels/rows.h"

#include <algorithm>
#include <utility>

namespace ebb::kernels::detail {

Strides broadcast_strides(const Tensor& x, const Shape& shape) {
  if (x.shape() == shape) return x.strides();
  Strides strides = Dims::filled(shape.size(), 0);
  const int missing = shape.size() - x.dim();
  for (int i = 0; i < x.dim(); ++i) strides[missing + i] = x.shape()[i] == 1 ? 0 : x.strides()[i];
  return strides;
}

static void swap_dims(Shape& sizes, std::span<Strides> strides, int i, int j) {
  std::swap(sizes[i], sizes[j]);
  for (Strides& s : strides) std::swap(s[i], s[j]);
}

static bool can_merge(const Shape& sizes, std::span<const Strides> strides, int inner, int outer) {
  return std::ranges::all_of(strides, [&](const Strides& s) { return s[outer] == s[inner] * sizes[inner]; });
}

void plan_rows(Shape& sizes, std::span<Strides> strides) {
  const Strides& order = strides.back();
  int count = 0;
  for (int i = sizes.size() - 1; i >= 0; --i) {  // drops dimensions of one element, reverses the rest
    if (sizes[i] != 1) ++count;
  }
  std::reverse(sizes.begin(), sizes.end());
  for (Strides& s : strides) std::reverse(s.begin(), s.end());
  for (int i = 1; i < sizes.size(); ++i) {
    for (int j = i; j > 0; --j) {
      const bool swaps = sizes[j - 1] == 1 ? sizes[j] != 1 : sizes[j] != 1 && order[j] < order[j - 1];
      if (!swaps) break;
      swap_dims(sizes, strides, j, j - 1);
    }
  }
  int last = 0;
  for (int i = 1; i < count; ++i) {
    if (can_merge(sizes, strides, last, i)) {
      sizes[last] *= sizes[i];
    } else {
      swap_dims(sizes, strides, ++last, i);
    }
  }
  while (sizes.size() > std::max(last + 1, 1)) {
    sizes.erase(sizes.size() - 1);
    for (Strides& s : strides) s.erase(s.size() - 1);
  }
  if (sizes.empty()) {
    sizes.push_back(1);
    for (Strides& s : strides) s.push_back(0);
  }
}

}  // namespace ebb::kernels::detail
