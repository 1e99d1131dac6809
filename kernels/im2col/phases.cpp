#include "ebb/kernels/im2col/phases.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "ebb/kernels/gemm/blocks.h"

namespace ebb::kernels {
namespace {

Phase phase_of(const ConvSizes& s, std::size_t dim, std::int64_t first) {
  const auto& g = s.geometry;
  const std::int64_t stride = g.stride[dim], dilation = g.dilation[dim], size = dim == 0 ? s.height : s.width;
  const std::int64_t kernel = dim == 0 ? s.kernel_height : s.kernel_width, common = std::gcd(stride, dilation);
  Phase phase{first, (size - first + stride - 1) / stride, 0, stride / common, 0, 0, dilation / common};
  std::int64_t tap = 0;
  const auto is_hit = [&](std::int64_t t) { return (first + g.padding[dim] - t * dilation) % stride == 0; };
  while (tap < std::min(kernel, phase.tap_step) && !is_hit(tap)) ++tap;
  if (tap >= std::min(kernel, phase.tap_step)) return phase;
  phase.taps = (kernel - tap + phase.tap_step - 1) / phase.tap_step;
  phase.last_tap = tap + (phase.taps - 1) * phase.tap_step;
  phase.padding =
      -(first + g.padding[dim] - phase.last_tap * dilation) / stride;  // of the tap that sees the least output
  return phase;
}

}  // namespace

ConvSizes sizes_of(const ConvSizes& s, const Phase& vertical, const Phase& horizontal) {
  ConvSizes back = s;
  std::swap(back.channels, back.out_channels);
  back.height = s.out_height;
  back.width = s.out_width;
  back.out_height = vertical.count;
  back.out_width = horizontal.count;
  back.kernel_height = vertical.taps;
  back.kernel_width = horizontal.taps;
  back.geometry = {
      {1, 1}, {vertical.padding, horizontal.padding}, {vertical.dilation, horizontal.dilation}, s.geometry.groups};
  return back;
}

template <class T>
std::vector<PhasePair> phases_of(const ConvSizes& s) {
  std::vector<PhasePair> pairs;
  std::int64_t begin = 0;
  for (std::int64_t v = 0; v < std::min(s.geometry.stride[0], s.height); ++v) {
    for (std::int64_t h = 0; h < std::min(s.geometry.stride[1], s.width); ++h) {
      const Phase vertical = phase_of(s, 0, v), horizontal = phase_of(s, 1, h);
      const std::int64_t k = vertical.taps * horizontal.taps * s.group_outputs();
      const std::int64_t per_group = packed_elements<T>(k, s.group_channels());
      pairs.push_back({vertical, horizontal, begin, per_group});
      begin += per_group * s.geometry.groups;
    }
  }
  return pairs;
}

template std::vector<PhasePair> phases_of<float>(const ConvSizes&);
template std::vector<PhasePair> phases_of<double>(const ConvSizes&);

}  // namespace ebb::kernels
