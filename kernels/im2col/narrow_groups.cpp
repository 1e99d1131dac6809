#include "ebb/kernels/im2col/narrow_groups.h"

#include <algorithm>

#include "ebb/kernels/gemm/panel.h"

namespace ebb::kernels {
namespace {

/// Calls `body(element of the weight of s, the same one's in that of merged, taps)` for each kernel of one channel.
template <class Body>
void for_each_kernel(const ConvSizes& s, const ConvSizes& merged, Body&& body) {
  for (std::int64_t o = 0; o < s.out_channels; ++o) {
    const std::int64_t group = o / s.group_outputs() % (s.geometry.groups / merged.geometry.groups);
    for (std::int64_t c = 0; c < s.group_channels(); ++c) {
      body((o * s.group_channels() + c) * s.taps(),
           (o * merged.group_channels() + group * s.group_channels() + c) * s.taps());
    }
  }
}

}  // namespace

ConvSizes with_wide_groups(const ConvSizes& s) {
  const std::int64_t wide = tile_shape<float>().columns / 2;
  ConvSizes merged = s;
  std::int64_t& groups = merged.geometry.groups;
  for (std::int64_t factor : {2, 3, 5, 7}) {
    while (groups % factor == 0 && merged.group_outputs() * factor <= wide &&
           merged.group_channels() * factor <= wide) {
      groups /= factor;
    }
  }
  return merged;
}

template <class T>
Tensor merged_weight(const ConvSizes& s, const ConvSizes& merged, const Tensor& weight) {
  if (s.geometry.groups == merged.geometry.groups) return weight;
  Tensor wide = allocate({s.out_channels, merged.group_channels(), s.kernel_height, s.kernel_width}, weight.dtype());
  T* to = wide.data<T>();
  std::fill_n(to, wide.numel(), T(0));
  for_each_kernel(s, merged,
                  [&](std::int64_t from, std::int64_t at) { std::copy_n(weight.data<T>() + from, s.taps(), to + at); });
  return wide;
}

template <class T>
void part_weight(const ConvSizes& s, const ConvSizes& merged, const Tensor& wide, Tensor& weight) {
  const T* from = wide.data<T>();
  T* to = weight.data<T>();
  for_each_kernel(s, merged, [&](std::int64_t at, std::int64_t in) { std::copy_n(from + in, s.taps(), to + at); });
}

template Tensor merged_weight<float>(const ConvSizes&, const ConvSizes&, const Tensor&);
template Tensor merged_weight<double>(const ConvSizes&, const ConvSizes&, const Tensor&);
template void part_weight<float>(const ConvSizes&, const ConvSizes&, const Tensor&, Tensor&);
template void part_weight<double>(const ConvSizes&, const ConvSizes&, const Tensor&, Tensor&);

}  // namespace ebb::kernels
