#include "ebb/core/overlap.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace ebb {
namespace {

/// What a tensor shows of its storage: dimensions of one element do not matter.
struct Shown {
  explicit Shown(const Tensor& x) : first(x.storage_offset()), last(first), numel(x.numel()) {
    for (int i = 0; i < x.dim(); ++i) {
      if (x.shape()[i] == 1) continue;
      shape.push_back(x.shape()[i]);
      strides.push_back(x.strides()[i]);
      last += (x.shape()[i] - 1) * x.strides()[i];
    }
  }
  bool operator==(const Shown&) const = default;

  /// Calls `body(offset)` for each element.
  template <class Body>
  void for_each(Body&& body) const {
    Dims index = Dims::filled(shape.size(), 0);
    std::int64_t offset = first;
    for (std::int64_t i = 0; i < numel; ++i) {
      body(offset);
      for (int d = shape.size() - 1; d >= 0; --d) {
        offset += strides[d];
        if (++index[d] < shape[d]) break;
        offset -= shape[d] * strides[d];
        index[d] = 0;
      }
    }
  }

  Shape shape;
  Strides strides;
  std::int64_t first, last, numel;
};

bool share_an_element(const Shown& a, const Shown& b) {
  std::int64_t common = 0;  // all strides are multiples of it: the elements of both lie on grids of this width
  for (const std::int64_t stride : a.strides) common = std::gcd(common, stride);
  for (const std::int64_t stride : b.strides) common = std::gcd(common, stride);
  if (common != 0 && (a.first - b.first) % common != 0) return false;
  const std::int64_t begin = std::max(a.first, b.first), end = std::min(a.last, b.last) + 1;
  std::vector<bool> of_a(static_cast<std::size_t>(end - begin));
  const auto is_between = [&](std::int64_t offset) { return offset >= begin && offset < end; };
  a.for_each([&](std::int64_t offset) {
    if (is_between(offset)) of_a[static_cast<std::size_t>(offset - begin)] = true;
  });
  bool found = false;
  b.for_each(
      [&](std::int64_t offset) { found |= is_between(offset) && of_a[static_cast<std::size_t>(offset - begin)]; });
  return found;
}

}  // namespace

bool may_overlap_itself(const Shape& shape, const Strides& strides) {
  Dims order;
  for (int i = 0; i < shape.size(); ++i) {
    if (shape[i] > 1) order.push_back(i);
  }
  std::ranges::sort(order, {}, [&](std::int64_t i) { return strides[static_cast<int>(i)]; });
  std::int64_t reach = 0;
  for (const std::int64_t d : order) {
    const int i = static_cast<int>(d);
    if (strides[i] <= reach) return true;
    reach += (shape[i] - 1) * strides[i];
  }
  return false;
}

bool overlap_partly(const Tensor& a, const Tensor& b) {
  if (&a.storage() != &b.storage() || a.numel() == 0 || b.numel() == 0) return false;
  const Shown x(a), y(b);
  if (x == y || x.last < y.first || y.last < x.first) return false;
  return share_an_element(x, y);
}

}  // namespace ebb
