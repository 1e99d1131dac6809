#include "ebb/kernels/depthwise/depthwise.h"

#include <algorithm>
#include <vector>

#include "ebb/core/dispatch.h"
#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/conv/weight_matrix.h"
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

/// Calls `body(pixel, what it sees)` for the pixels `begin` to `end` of a line of images of height x width.
template <class See, class Body>
void for_each_pixel(const ConvSizes& s, std::int64_t height, std::int64_t width, std::int64_t line, std::int64_t begin,
                    std::int64_t end, See see, Body&& body) {
  std::vector<SeenPixel> seen;
  for (std::int64_t column = begin; column < end; ++column) {
    see(s, line / height, line % height, column, seen);
    body(line * width + column, seen);
  }
}

/// The pixels of a line that sum_line() and add_line() take: those whose taps all lie inside.
struct Inside {
  std::int64_t begin, end;
};

template <class T>
Inside outputs_inside(const ConvSizes& s) {
  const std::int64_t stride = s.geometry.stride[1], padding = s.geometry.padding[1];
  const std::int64_t last = s.width + padding - s.kernel_width;  // where the last window may begin
  if (!DepthwiseLine::takes<T>(s.kernel_width, stride) || s.geometry.dilation[1] != 1 || last < 0) return {0, 0};
  const std::int64_t begin = std::min((padding + stride - 1) / stride, s.out_width);
  return {begin, std::max(begin, std::min(last / stride + 1, s.out_width))};
}

/// Of the input, where each pixel is seen by as many outputs as the kernel has taps.
template <class T>
Inside inputs_inside(const ConvSizes& s) {
  const std::int64_t padding = s.geometry.padding[1];
  const bool is_plain = s.geometry.stride[1] == 1 && s.geometry.dilation[1] == 1;
  if (!is_plain || !DepthwiseLine::takes<T>(s.kernel_width, 1)) return {0, 0};
  const std::int64_t begin = std::clamp<std::int64_t>(s.kernel_width - 1 - padding, 0, s.width);
  return {begin, std::clamp(s.out_width - padding, begin, s.width)};
}

/// The rows of the input that line `line` of the output sees, from its pixel `first` on.
template <class T, class Weight>
void see_rows(const ConvSizes& s, std::int64_t line, std::int64_t first, const T* x, Weight* weight,
              std::vector<SeenRow<T, Weight>>& rows) {
  const auto& g = s.geometry;
  rows.clear();
  for (std::int64_t i = 0; i < s.kernel_height; ++i) {
    const std::int64_t h = line % s.out_height * g.stride[0] - g.padding[0] + i * g.dilation[0];
    if (h < 0 || h >= s.height) continue;
    const std::int64_t row = line / s.out_height * s.height + h, column = first * g.stride[1] - g.padding[1];
    rows.push_back({x + (row * s.width + column) * s.channels, weight + i * s.kernel_width * s.channels});
  }
}

/// The rows of the output that see line `line` of the input, from its pixel `first` on: the last tap sees it there.
template <class T>
void see_output_rows(const ConvSizes& s, std::int64_t line, std::int64_t first, const T* dy, const T* weight,
                     std::vector<SeenRow<T>>& rows) {
  const auto& g = s.geometry;
  rows.clear();
  for (std::int64_t i = 0; i < s.kernel_height; ++i) {
    const std::int64_t h = line % s.height + g.padding[0] - i * g.dilation[0];
    if (h < 0 || h % g.stride[0] != 0 || h / g.stride[0] >= s.out_height) continue;
    const std::int64_t row = line / s.height * s.out_height + h / g.stride[0];
    const std::int64_t column = first + g.padding[1] - (s.kernel_width - 1);
    rows.push_back(
        {dy + (row * s.out_width + column) * s.channels, weight + ((i + 1) * s.kernel_width - 1) * s.channels});
  }
}

std::int64_t lines_per_task(const ConvSizes& s, std::int64_t width) {
  constexpr std::int64_t multiplications_per_task = 1 << 17;
  return std::max<std::int64_t>(1, multiplications_per_task / std::max<std::int64_t>(width * s.channels * s.taps(), 1));
}

/// How the lines of y, of images of `width` pixels, come from those of x, of either pass.
template <class T>
struct LineSums {
  using SeePixel = void (*)(const ConvSizes&, std::int64_t, std::int64_t, std::int64_t, std::vector<SeenPixel>&);
  using SeeRows = void (*)(const ConvSizes&, std::int64_t, std::int64_t, const T*, const T*, std::vector<SeenRow<T>>&);

  const ConvSizes& s;
  std::int64_t height, width;
  Inside inside;
  SeePixel see_pixel;
  SeeRows see_rows;
  std::int64_t stride, tap_step;
  const T *x, *factors;
  T* y;

  void sum_pixels_inside(std::int64_t line, std::int64_t pixels, std::vector<SeenRow<T>>& rows) const {
    if constexpr (DepthwiseLine::is_of<T>) {
      see_rows(s, line, inside.begin, x, factors, rows);
      const auto sum = best([]<Isa isa> { return sum_line<isa, T>; });
      sum({pixels, s.channels, s.kernel_width, stride}, rows, tap_step, y + (line * width + inside.begin) * s.channels);
    }
  }

  void make(std::int64_t line, std::vector<SeenRow<T>>& rows) const {
    const auto sum = best([]<Isa isa> { return sum_taps<isa, T>; });
    const auto sum_pixel = [&](std::int64_t pixel, const std::vector<SeenPixel>& seen) {
      sum(x, factors, seen.data(), std::ssize(seen), s.channels, y + pixel * s.channels);
    };
    const std::int64_t pixels = (inside.end - inside.begin) / DepthwiseLine::together * DepthwiseLine::together;
    for_each_pixel(s, height, width, line, 0, inside.begin, see_pixel, sum_pixel);
    if (pixels > 0) sum_pixels_inside(line, pixels, rows);
    for_each_pixel(s, height, width, line, inside.begin + pixels, width, see_pixel, sum_pixel);
  }
};

template <class T>
void make_lines(const LineSums<T>& sums, const TileEpilogue<T>& epilogue) {
  const auto finish = best([]<Isa isa> { return finish_tile<isa, T>; });
  const std::int64_t channels = sums.s.channels, lines = sums.s.images * sums.height;
  parallel_for(lines, lines_per_task(sums.s, sums.width), [&](std::int64_t begin, std::int64_t end) {
    std::vector<SeenRow<T>> rows;
    for (std::int64_t line = begin; line < end; ++line) {
      sums.make(line, rows);
      if (epilogue.is_empty()) continue;
      const std::int64_t at = line * sums.width * channels;
      finish(epilogue.from(at, 0), sums.width, channels, sums.y + at, channels, sums.y + at, channels);
    }
  });
}

}  // namespace

void depthwise_forward(const ConvSizes& s, const Tensor& x, const PackedWeight& weight, const Epilogue& epilogue,
                       Tensor& y) {
  visit_float(x.dtype(), [&]<class T>() {
    const Tensor packed = by_taps<T>(s, weight);
    make_lines<T>({s, s.out_height, s.out_width, outputs_inside<T>(s), see_input, see_rows<T, const T>,
                   s.geometry.stride[1], s.channels, x.data<T>(), packed.data<T>(), y.data<T>()},
                  elements_of<T>(epilogue));
  });
}

void depthwise_backward_input(const ConvSizes& s, const Tensor& dy, const PackedWeight& weight, const Tensor& shift,
                              Tensor& dx) {
  visit_float(dy.dtype(), [&]<class T>() {
    const Tensor packed = by_taps<T>(s, weight);
    make_lines<T>({s, s.height, s.width, inputs_inside<T>(s), see_output, see_output_rows<T>, 1, -s.channels,
                   dy.data<T>(), packed.data<T>(), dx.data<T>()},
                  elements_of<T>({.shift = shift}));
  });
}

void depthwise_backward_weight(const ConvSizes& s, const Tensor& x, const Tensor& dy, Tensor& dweight) {
  visit_float(x.dtype(), [&]<class T>() {
    constexpr std::int64_t most_shares = 64;  // each with a sum of its own, whatever the number of threads
    const std::int64_t lines = s.images * s.out_height, elements = s.taps() * s.channels;
    const std::int64_t shares = std::clamp<std::int64_t>(lines / lines_per_task(s, s.out_width), 1, most_shares);
    const auto add = best([]<Isa isa> { return add_taps<isa, T>; });
    const T *from = x.data<T>(), *gradients = dy.data<T>();
    T* sums = scratch<T>(Scratch::shares, shares * elements);
    const Inside inside = outputs_inside<T>(s);
    parallel_for(shares, 1, [&](std::int64_t first, std::int64_t last) {
      std::vector<SeenRow<T, T>> rows;
      for (std::int64_t share = first; share < last; ++share) {
        T* sum = sums + share * elements;
        std::fill_n(sum, elements, T(0));
        const auto add_pixel = [&](std::int64_t pixel, const std::vector<SeenPixel>& seen) {
          add(from, gradients + pixel * s.channels, seen.data(), std::ssize(seen), s.channels, sum);
        };
        for (std::int64_t line = lines * share / shares; line < lines * (share + 1) / shares; ++line) {
          for_each_pixel(s, s.out_height, s.out_width, line, 0, inside.begin, see_input, add_pixel);
          if constexpr (DepthwiseLine::is_of<T>) {
            if (inside.begin < inside.end) {
              see_rows(s, line, inside.begin, from, sum, rows);
              best([]<Isa isa> { return add_line<isa, T>; })(
                  {inside.end - inside.begin, s.channels, s.kernel_width, s.geometry.stride[1]}, rows,
                  gradients + (line * s.out_width + inside.begin) * s.channels);
            }
          }
          for_each_pixel(s, s.out_height, s.out_width, line, inside.end, s.out_width, see_input, add_pixel);
        }
      }
    });
    add_shares(shares, elements, sums, sums);
    T* to = dweight.data<T>();
    for (std::int64_t i = 0; i < elements; ++i) to[i % s.channels * s.taps() + i / s.channels] = sums[i];
  });
}

const char* depthwise_refusal(const ConvTask& task) {
  const ConvSizes& s = task.sizes;
  if (s.geometry.groups != s.channels || s.channels != s.out_channels) return "a group has several channels";
  return s.channels < 2 ? "there is one channel" : nullptr;
}

}  // namespace ebb::kernels
