#include "ebb/kernels/depthwise/depthwise.h"

#include <algorithm>
#include <vector>

#include "ebb/core/dispatch.h"
#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/cpu/scratch.h"

namespace ebb::kernels {
namespace {

/// (channels, 1, kh, kw) as (kh kw, channels).
template <class T>
Tensor by_taps(const ConvSizes& s, const PackedWeight& weight) {
  return weight.as("depthwise", [&] {
    Tensor packed = allocate({s.taps(), s.channels}, weight.weight().dtype());
    const T* from = weight.weight().data<T>();
    T* to = packed.data<T>();
    for (std::int64_t tap = 0; tap < s.taps(); ++tap) {
      for (std::int64_t c = 0; c < s.channels; ++c) *to++ = from[c * s.taps() + tap];
    }
    return packed;
  });
}

/// Pixels of the input that output pixel (row, column) of an image sees.
void see_input(const ConvSizes& s, std::int64_t image, std::int64_t row, std::int64_t column,
               std::vector<SeenPixel>& seen) {
  const auto& g = s.geometry;
  seen.clear();
  for (std::int64_t i = 0; i < s.kernel_height; ++i) {
    const std::int64_t h = row * g.stride[0] - g.padding[0] + i * g.dilation[0];
    if (h < 0 || h >= s.height) continue;
    for (std::int64_t j = 0; j < s.kernel_width; ++j) {
      const std::int64_t w = column * g.stride[1] - g.padding[1] + j * g.dilation[1];
      if (w < 0 || w >= s.width) continue;
      seen.push_back({((image * s.height + h) * s.width + w) * s.channels, i * s.kernel_width + j});
    }
  }
}

/// Pixels of the output that see input pixel (row, column) of an image.
void see_output(const ConvSizes& s, std::int64_t image, std::int64_t row, std::int64_t column,
                std::vector<SeenPixel>& seen) {
  const auto& g = s.geometry;
  seen.clear();
  for (std::int64_t i = 0; i < s.kernel_height; ++i) {
    const std::int64_t h = row + g.padding[0] - i * g.dilation[0];
    if (h < 0 || h % g.stride[0] != 0 || h / g.stride[0] >= s.out_height) continue;
    for (std::int64_t j = 0; j < s.kernel_width; ++j) {
      const std::int64_t w = column + g.padding[1] - j * g.dilation[1];
      if (w < 0 || w % g.stride[1] != 0 || w / g.stride[1] >= s.out_width) continue;
      seen.push_back({((image * s.out_height + h / g.stride[0]) * s.out_width + w / g.stride[1]) * s.channels,
                      i * s.kernel_width + j});
    }
  }
}

/// Calls `body(pixel, what it sees)` for each pixel of the lines `begin` to `end` of images of height x width.
template <class See, class Body>
void for_each_pixel(const ConvSizes& s, std::int64_t height, std::int64_t width, std::int64_t begin, std::int64_t end,
                    See see, Body&& body) {
  std::vector<SeenPixel> seen;
  for (std::int64_t line = begin; line < end; ++line) {
    for (std::int64_t column = 0; column < width; ++column) {
      see(s, line / height, line % height, column, seen);
      body(line * width + column, seen);
    }
  }
}

std::int64_t lines_per_task(const ConvSizes& s, std::int64_t width) {
  constexpr std::int64_t multiplications_per_task = 1 << 17;
  return std::max<std::int64_t>(1, multiplications_per_task / std::max<std::int64_t>(width * s.channels * s.taps(), 1));
}

}  // namespace

void depthwise_forward(const ConvSizes& s, const Tensor& x, const PackedWeight& weight, const Epilogue& epilogue,
                       Tensor& y) {
  visit_float(x.dtype(), [&]<class T>() {
    const Tensor factors = by_taps<T>(s, weight);
    const TileEpilogue<T> elements = elements_of<T>(epilogue);
    const auto sum = best([]<Isa isa> { return sum_taps<isa, T>; });
    const auto finish = best([]<Isa isa> { return finish_tile<isa, T>; });
    T* to = y.data<T>();
    parallel_for(s.images * s.out_height, lines_per_task(s, s.out_width), [&](std::int64_t begin, std::int64_t end) {
      for_each_pixel(s, s.out_height, s.out_width, begin, end, see_input, [&](std::int64_t pixel, const auto& seen) {
        const std::int64_t at = pixel * s.channels;
        sum(x.data<T>(), factors.data<T>(), seen.data(), std::ssize(seen), s.channels, to + at);
        if (!elements.is_empty()) finish(elements.from(at, 0), 1, s.channels, to + at, s.channels);
      });
    });
  });
}

void depthwise_backward_input(const ConvSizes& s, const Tensor& dy, const PackedWeight& weight, Tensor& dx) {
  visit_float(dy.dtype(), [&]<class T>() {
    const Tensor factors = by_taps<T>(s, weight);
    const auto sum = best([]<Isa isa> { return sum_taps<isa, T>; });
    T* to = dx.data<T>();
    parallel_for(s.images * s.height, lines_per_task(s, s.width), [&](std::int64_t begin, std::int64_t end) {
      for_each_pixel(s, s.height, s.width, begin, end, see_output, [&](std::int64_t pixel, const auto& seen) {
        sum(dy.data<T>(), factors.data<T>(), seen.data(), std::ssize(seen), s.channels, to + pixel * s.channels);
      });
    });
  });
}

void depthwise_backward_weight(const ConvSizes& s, const Tensor& x, const Tensor& dy, Tensor& dweight) {
  visit_float(x.dtype(), [&]<class T>() {
    constexpr std::int64_t most_shares = 16;  // each with a sum of its own, whatever the number of threads
    const std::int64_t lines = s.images * s.out_height, elements = s.taps() * s.channels;
    const std::int64_t shares = std::clamp<std::int64_t>(lines / lines_per_task(s, s.out_width), 1, most_shares);
    const auto add = best([]<Isa isa> { return add_taps<isa, T>; });
    T* sums = scratch<T>(Scratch::shares, shares * elements);
    parallel_for(shares, 1, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t share = first; share < last; ++share) {
        T* sum = sums + share * elements;
        std::fill_n(sum, elements, T(0));
        for_each_pixel(s, s.out_height, s.out_width, lines * share / shares, lines * (share + 1) / shares, see_input,
                       [&](std::int64_t pixel, const auto& seen) {
                         add(x.data<T>(), dy.data<T>() + pixel * s.channels, seen.data(), std::ssize(seen), s.channels,
                             sum);
                       });
      }
    });
    T* to = dweight.data<T>();
    for (std::int64_t i = 0; i < elements; ++i) {
      T total = 0;
      for (std::int64_t share = 0; share < shares; ++share) total += sums[share * elements + i];
      to[i % s.channels * s.taps() + i / s.channels] = total;
    }
  });
}

const char* depthwise_refusal(const ConvTask& task) {
  const ConvSizes& s = task.sizes;
  if (s.geometry.groups != s.channels || s.channels != s.out_channels) return "a group has several channels";
  return s.channels < 2 ? "there is one channel" : nullptr;
}

}  // namespace ebb::kernels
