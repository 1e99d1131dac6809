#include "ebb/kernels/im2col/lines.h"

#include <algorithm>

#include "ebb/kernels/cpu/scratch.h"

namespace ebb::kernels {
namespace {

constexpr std::int64_t longest = 1024;  // pixels of an output line, which is not cut

/// Input lines, or pixels of a line, that so many outputs see.
std::int64_t seen(std::int64_t outputs, std::int64_t stride, std::int64_t kernel, std::int64_t dilation) {
  return (outputs - 1) * stride + (kernel - 1) * dilation + 1;
}

bool is_inside(std::int64_t padding, std::int64_t seen, std::int64_t size) {
  return padding <= 0 && seen - padding <= size;
}

}  // namespace

template <class T>
PatchLines<T>::PatchLines(const ConvSizes& s, const T* x) : sizes_(s), x_(x) {
  const auto& g = s.geometry;
  const std::int64_t channels = s.group_channels();
  lines_ = seen(s.out_height, g.stride[0], s.kernel_height, g.dilation[0]);
  pixels_ = seen(s.out_width, g.stride[1], s.kernel_width, g.dilation[1]);
  in_place_ = is_inside(g.padding[0], lines_, s.height) && is_inside(g.padding[1], pixels_, s.width);
  pixel_ = in_place_ ? s.channels : channels;
  if (in_place_) lines_ = s.height, pixels_ = s.width;
  const bool is_whole = pixel_ == channels && g.dilation[1] == 1;
  const std::int64_t taps = is_whole ? s.kernel_width : 1;
  run_ = taps * channels;
  for (std::int64_t i = 0; i < s.kernel_height; ++i) {
    for (std::int64_t j = 0; j < s.kernel_width; j += taps) {
      offsets_.push_back((i * g.dilation[0] * pixels_ + j * g.dilation[1]) * pixel_);
    }
  }
}

/// The first input line that an output line sees, where the images are stacked.
template <class T>
std::int64_t PatchLines<T>::line(std::int64_t output_line) const {
  return output_line / sizes_.out_height * lines_ + output_line % sizes_.out_height * sizes_.geometry.stride[0];
}

template <class T>
void PatchLines<T>::copy(std::int64_t group, std::int64_t first, std::int64_t lines, T* to) const {
  const ConvSizes& s = sizes_;
  const auto& padding = s.geometry.padding;
  const std::int64_t begin = std::clamp<std::int64_t>(padding[1], 0, pixels_);
  const std::int64_t end = std::clamp(s.width + padding[1], begin, pixels_);
  const bool is_whole = s.channels == pixel_;
  const std::int64_t pieces = is_whole ? 1 : end - begin, elements = is_whole ? (end - begin) * pixel_ : pixel_;
  for (std::int64_t line = first; line < first + lines; ++line, to += pixels_ * pixel_) {
    const std::int64_t row = line % lines_ - padding[0];
    if (row < 0 || row >= s.height) {
      std::fill_n(to, pixels_ * pixel_, T(0));
      continue;
    }
    const T* from =
        x_ + ((line / lines_ * s.height + row) * s.width + begin - padding[1]) * s.channels + group * pixel_;
    std::fill_n(to, begin * pixel_, T(0));
    for (std::int64_t i = 0; i < pieces; ++i)
      std::copy_n(from + i * s.channels, elements, to + begin * pixel_ + i * elements);
    std::fill_n(to + end * pixel_, (pixels_ - end) * pixel_, T(0));
  }
}

template <class T>
Block<T> PatchLines<T>::rows(const PatchRange& range) const {
  const auto& g = sizes_.geometry;
  const std::int64_t outputs = range.rows / sizes_.out_width, first = range.first_row / sizes_.out_width;
  const std::int64_t begin = line(first), per_line = pixels_ * pixel_;
  std::int64_t* offsets = scratch<std::int64_t>(Scratch::offsets, outputs);
  for (std::int64_t i = 0; i < outputs; ++i) offsets[i] = (line(first + i) - begin) * per_line;
  Block<T> block{
      nullptr, stride(), 1, {sizes_.out_width, offsets}, {run_, offsets_.data() + range.first_column / run_}};
  if (in_place_) {
    block.data =
        x_ + ((begin - g.padding[0]) * pixels_ - g.padding[1]) * pixel_ + range.group * sizes_.group_channels();
  } else {
    const std::int64_t lines = line(first + outputs - 1) - begin + seen(1, 1, sizes_.kernel_height, g.dilation[0]);
    T* to = scratch<T>(Scratch::block, lines * per_line);
    if (range.first_column == 0) copy(range.group, begin, lines, to);
    block.data = to;
  }
  return block;
}

template <class T>
Block<T> PatchLines<T>::columns(const PatchRange& range) const {
  const std::int64_t first_run = range.first_column / run_;
  const Block<T> whole = rows({range.group, range.first_row, range.rows, 0, run_});
  return {whole.data, 1, whole.row, {run_, offsets_.data() + first_run}, whole.rows};
}

template <class T>
double PatchLines<T>::elements() const {
  const auto& g = sizes_.geometry;
  return static_cast<double>(pixels_ * pixel_ * g.stride[0]) / static_cast<double>(sizes_.out_width);
}

template <class T>
double PatchLines<T>::fetch() const {
  return 0.03 + (in_place_ ? 0.0 : 0.15 * elements() / static_cast<double>(sizes_.patch()));
}

template <class T>
bool PatchLines<T>::is_fast_by_rows() const {
  // A tile has rows of one line, and few of them wait for their sums.
  return run_ > 0 && sizes_.out_width >= 4 && sizes_.out_width <= longest;
}

template <class T>
bool PatchLines<T>::is_fast_by_columns() const {
  return run_ > 0 && sizes_.out_width >= 2 && sizes_.out_width <= longest && stride() <= near_columns<T>;
}

template class PatchLines<float>;
template class PatchLines<double>;

}  // namespace ebb::kernels
