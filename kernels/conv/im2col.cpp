// Convolution as a product of matrices: each image's patches are laid out as rows (im2col) and multiplied with the
// weight, a block of pixels at a time so that the patches stay in the cache.
#include "ebb/kernels/conv/im2col.h"

#include <algorithm>
#include <vector>

#include "ebb/core/dispatch.h"
#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/conv/patches.h"
#include "ebb/kernels/matmul/gemm.h"

namespace ebb::kernels {
namespace {

constexpr std::int64_t patch_elements_per_block = 1 << 15;  // 128 KB of floats: half of a small L2
constexpr std::int64_t most_partial_elements = 1 << 22;

/// (O, C / groups, kh, kw) as (O, kh, kw, C / groups): a patch's order. A kernel of one pixel has it already.
template <class T>
Tensor packed(const ConvSizes& s, const PackedWeight& weight) {
  if (s.taps() == 1) return weight.weight();
  return weight.as("channels last", [&] {
    Tensor packed = allocate({weight.weight().numel()}, weight.weight().dtype());
    const std::int64_t channels = s.group_channels(), taps = s.taps();
    const T* weights = weight.weight().data<T>();
    T* to = packed.data<T>();
    const std::int64_t grain =
        std::max<std::int64_t>(1, patch_elements_per_block / std::max<std::int64_t>(s.patch(), 1));
    parallel_for(s.out_channels, grain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin * taps; row < end * taps; ++row) {
        const T* from = weights + row / taps * s.patch() + row % taps;
        for (std::int64_t c = 0; c < channels; ++c) to[row * channels + c] = from[c * taps];
      }
    });
    return packed;
  });
}

/// The weight from, for each group, (kh kw c, o) in C order.
template <class T>
void unpack_weight(const ConvSizes& s, const std::vector<T>& packed, Tensor& weight) {
  const std::int64_t channels = s.group_channels(), outputs = s.group_outputs(), taps = s.taps();
  T* to = weight.data<T>();
  for (std::int64_t o = 0; o < s.out_channels; ++o) {
    const T* group = packed.data() + o / outputs * s.patch() * outputs + o % outputs;
    for (std::int64_t c = 0; c < channels; ++c) {
      for (std::int64_t tap = 0; tap < taps; ++tap) *to++ = group[(tap * channels + c) * outputs];
    }
  }
}

std::int64_t pixels_per_block(const ConvSizes& s) {
  return std::clamp<std::int64_t>(patch_elements_per_block / std::max<std::int64_t>(s.patch(), 1), 8,
                                  std::max<std::int64_t>(s.pixels(), 8));
}

/// Calls `body(image, first pixel, last pixel, scratch)` for blocks of output pixels, on several threads.
template <class T, class Body>
void for_each_block(const ConvSizes& s, Body&& body) {
  const std::int64_t block = pixels_per_block(s), blocks = (s.pixels() + block - 1) / block;
  parallel_for(s.images * blocks, 1, [&](std::int64_t begin, std::int64_t end) {
    static thread_local std::vector<T> scratch;
    scratch.resize(static_cast<std::size_t>(block * s.patch()));
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t first = i % blocks * block;
      body(i / blocks, first, std::min(first + block, s.pixels()), scratch.data());
    }
  });
}

template <class T>
void forward(const ConvSizes& s, const Tensor& x, const PackedWeight& weight, const Epilogue& epilogue, Tensor& y) {
  const Tensor held = packed<T>(s, weight);
  const T* factors = held.data<T>();
  const std::int64_t outputs = s.group_outputs(), patch = s.patch();
  const bool direct = s.is_pointwise();
  const EpilogueRows<T> rows(epilogue, s.out_channels);
  const auto finish = best([]<Isa isa> { return finish_rows<isa, T>; });
  for_each_block<T>(s, [&](std::int64_t image, std::int64_t first, std::int64_t last, T* scratch) {
    const T* from = x.data<T>() + image * s.image_elements();
    const std::int64_t to = image * s.output_elements() + first * s.out_channels;
    for (std::int64_t g = 0; g < s.geometry.groups; ++g) {
      if (!direct) im2col(s, from, g, first, last, scratch);
      gemm(Gemm<T>{.m = last - first,
                   .n = outputs,
                   .k = patch,
                   .a = direct ? from + first * s.channels + g * patch : scratch,
                   .a_row = direct ? s.channels : patch,
                   .a_column = 1,
                   .b = factors + g * patch * outputs,
                   .b_row = 1,
                   .b_column = patch,
                   .c = y.data<T>() + to + g * outputs,
                   .c_row = s.out_channels});
    }
    if (!epilogue.is_empty()) finish(rows, y.data<T>(), to, last - first);
  });
}

template <class T>
void backward_input(const ConvSizes& s, const Tensor& dy, const PackedWeight& weight, Tensor& dx) {
  const Tensor held = packed<T>(s, weight);
  const T* factors = held.data<T>();
  const std::int64_t outputs = s.group_outputs(), patch = s.patch(), block = pixels_per_block(s);
  parallel_for(s.images, 1, [&](std::int64_t begin, std::int64_t end) {  // patches overlap within an image only
    std::vector<T> dpatches(static_cast<std::size_t>(block * patch));
    for (std::int64_t image = begin; image < end; ++image) {
      T* to = dx.data<T>() + image * s.image_elements();
      std::fill_n(to, s.image_elements(), T(0));
      for (std::int64_t first = 0; first < s.pixels(); first += block) {
        const std::int64_t last = std::min(first + block, s.pixels());
        const T* from = dy.data<T>() + image * s.output_elements() + first * s.out_channels;
        for (std::int64_t g = 0; g < s.geometry.groups; ++g) {
          gemm(Gemm<T>{.m = last - first,
                       .n = patch,
                       .k = outputs,
                       .a = from + g * outputs,
                       .a_row = s.out_channels,
                       .a_column = 1,
                       .b = factors + g * patch * outputs,
                       .b_row = patch,
                       .b_column = 1,
                       .c = dpatches.data(),
                       .c_row = patch});
          col2im(s, dpatches.data(), g, first, last, to);
        }
      }
    }
  });
}

/// Adds the images' share of the weight's gradient to `packed`.
template <class T>
void add_weight_gradient(const ConvSizes& s, const Tensor& x, const Tensor& dy, std::int64_t first_image,
                         std::int64_t last_image, std::vector<T>& packed) {
  const std::int64_t outputs = s.group_outputs(), patch = s.patch(), block = pixels_per_block(s);
  std::vector<T> patches(static_cast<std::size_t>(block * patch));
  for (std::int64_t image = first_image; image < last_image; ++image) {
    for (std::int64_t first = 0; first < s.pixels(); first += block) {
      const std::int64_t last = std::min(first + block, s.pixels());
      for (std::int64_t g = 0; g < s.geometry.groups; ++g) {
        im2col(s, x.data<T>() + image * s.image_elements(), g, first, last, patches.data());
        gemm_on_threads(Gemm<T>{.m = patch,
                                .n = outputs,
                                .k = last - first,
                                .a = patches.data(),
                                .a_row = 1,
                                .a_column = patch,
                                .b = dy.data<T>() + image * s.output_elements() + first * s.out_channels + g * outputs,
                                .b_row = s.out_channels,
                                .b_column = 1,
                                .c = packed.data() + g * patch * outputs,
                                .c_row = outputs,
                                .accumulate = true});
      }
    }
  }
}

template <class T>
void backward_weight(const ConvSizes& s, const Tensor& x, const Tensor& dy, Tensor& dweight) {
  // Each share of the images has a sum of its own, where they fit; which image is in which share depends on sizes only.
  const std::int64_t most =
      std::max<std::int64_t>(1, most_partial_elements / std::max<std::int64_t>(dweight.numel(), 1));
  const std::int64_t shares =
      std::clamp<std::int64_t>(std::min<std::int64_t>(most, 8), 1, std::max<std::int64_t>(s.images, 1));
  const std::int64_t per_share = (s.images + shares - 1) / shares;
  const auto elements = static_cast<std::size_t>(dweight.numel());
  std::vector<std::vector<T>> partial(static_cast<std::size_t>(shares), std::vector<T>(elements));
  parallel_for(shares, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t first = std::min(i * per_share, s.images), last = std::min(first + per_share, s.images);
      add_weight_gradient(s, x, dy, first, last, partial[static_cast<std::size_t>(i)]);
    }
  });
  for (std::size_t i = 1; i < partial.size(); ++i) {
    std::ranges::transform(partial[0], partial[i], partial[0].begin(), std::plus<>());
  }
  unpack_weight(s, partial[0], dweight);
}

}  // namespace

void im2col_forward(const ConvSizes& sizes, const Tensor& x, const PackedWeight& weight, const Epilogue& epilogue,
                    Tensor& y) {
  visit_float(x.dtype(), [&]<class T>() { forward<T>(sizes, x, weight, epilogue, y); });
}

void im2col_backward_input(const ConvSizes& sizes, const Tensor& dy, const PackedWeight& weight, Tensor& dx) {
  visit_float(dy.dtype(), [&]<class T>() { backward_input<T>(sizes, dy, weight, dx); });
}

void im2col_backward_weight(const ConvSizes& sizes, const Tensor& x, const Tensor& dy, Tensor& dweight) {
  visit_float(x.dtype(), [&]<class T>() { backward_weight<T>(sizes, x, dy, dweight); });
}

}  // namespace ebb::kernels
