#include "ebb/kernels/im2col/lines.h"

#include <algorithm>

#include "ebb/kernels/cpu/scratch.h"

namespace ebb::kernels {
namespace {

/// The largest equal parts of a line that are not longer than that, but not many short ones.
std::int64_t stretch_of(std::int64_t line) {
  constexpr std::int64_t longest = 1024, shortest = 256;
  if (line <= longest) return line;
  for (std::int64_t count = line / longest; count <= line / shortest; ++count) {
    if (line % count == 0 && line / count <= longest) return line / count;
  }
  return 0;
}

/// Input lines, or pixels of a line, that so many outputs see.
std::int64_t seen(std::int64_t outputs, std::int64_t stride, std::int64_t kernel, std::int64_t dilation) {
  return (outputs - 1) * stride + (kernel - 1) * dilation + 1;
}

bool is_inside(std::int64_t padding, std::int64_t seen, std::int64_t size) {
  return padding <= 0 && seen - padding <= size;
}

/// Cycles, roughly, of a term of a tile times so many panels: a low one waits for its sums.
double cycles_of_tile(double rows, double panels) {
  return std::max(panels * (rows + 0.6), 4.6 * std::max(panels, 1.0));
}

}  // namespace

template <class T>
PatchLines<T>::PatchLines(const ConvSizes& s, const T* x) : sizes_(s), x_(x), stretch_(stretch_of(s.out_width)) {
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

/// Pixels `begin` to `end` of a line, whose pixels inside of the image begin at x.
template <class T>
void PatchLines<T>::copy_line(const T* x, std::int64_t begin, std::int64_t end, T* to) const {
  const std::int64_t padding = sizes_.geometry.padding[1], channels = sizes_.channels;
  const std::int64_t first = std::clamp(padding, begin, end), last = std::clamp(sizes_.width + padding, first, end);
  const bool is_whole = channels == pixel_;
  const std::int64_t pieces = is_whole ? 1 : last - first, elements = is_whole ? (last - first) * pixel_ : pixel_;
  x += (first - padding) * channels;
  std::fill_n(to + begin * pixel_, (first - begin) * pixel_, T(0));
  for (std::int64_t i = 0; i < pieces; ++i) std::copy_n(x + i * channels, elements, to + (first + i) * pixel_);
  std::fill_n(to + last * pixel_, (end - last) * pixel_, T(0));
}

/// What the output stretches `first` to `last` see.
template <class T>
const T* PatchLines<T>::copy(std::int64_t group, std::int64_t first, std::int64_t last) const {
  const ConvSizes& s = sizes_;
  const auto& g = s.geometry;
  const std::int64_t per_line = s.out_width / stretch_, top = line(first / per_line);
  const std::int64_t lines = line(last / per_line) + seen(1, 1, s.kernel_height, g.dilation[0]) - top;
  const bool is_part = first / per_line == last / per_line;
  const std::int64_t begin = is_part ? first % per_line * stretch_ * g.stride[1] : 0;
  const std::int64_t end =
      is_part ? begin + seen((last - first + 1) * stretch_, g.stride[1], s.kernel_width, g.dilation[1]) : pixels_;
  T* const to = scratch<T>(Scratch::block, lines * pixels_ * pixel_);
  for (std::int64_t i = 0; i < lines; ++i) {
    const std::int64_t image = (top + i) / lines_, row = (top + i) % lines_ - g.padding[0];
    T* at = to + i * pixels_ * pixel_;
    if (row < 0 || row >= s.height) {
      std::fill(at + begin * pixel_, at + end * pixel_, T(0));
    } else {
      copy_line(x_ + (image * s.height + row) * s.width * s.channels + group * pixel_, begin, end, at);
    }
  }
  return to;
}

template <class T>
Block<T> PatchLines<T>::rows(const PatchRange& range) const {
  const auto& g = sizes_.geometry;
  const std::int64_t stretches = range.rows / stretch_, first = range.first_row / stretch_;
  const std::int64_t per_line = sizes_.out_width / stretch_, top = line(first / per_line);
  std::int64_t* offsets = scratch<std::int64_t>(Scratch::offsets, stretches);
  for (std::int64_t i = 0; i < stretches; ++i) {
    const std::int64_t lines = line((first + i) / per_line) - top, pixels = (first + i) % per_line * stretch_;
    offsets[i] = lines * pixels_ * pixel_ + pixels * stride();
  }
  Block<T> block{nullptr, stride(), 1, {stretch_, offsets}, {run_, offsets_.data() + range.first_column / run_}};
  if (in_place_) {
    block.data = x_ + ((top - g.padding[0]) * pixels_ - g.padding[1]) * pixel_ + range.group * sizes_.group_channels();
  } else if (range.first_column == 0) {
    block.data = copy(range.group, first, first + stretches - 1);
  } else {
    block.data = scratch<T>(Scratch::block, 0);
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

/// Tiles have rows of one stretch, so that they may be lower than those of patches that are gathered.
template <class T>
bool PatchLines<T>::is_fast_by_rows() const {
  if (run_ == 0 || stretch_ == 0) return false;
  if (sizes_.kernel_width < sizes_.geometry.stride[1])
    return false;  // what lies between patches is fetched for nothing
  const TileShape tile = tile_shape<T>();
  const double panels = static_cast<double>(parts(sizes_.group_outputs(), tile.columns / 2)) / 2;
  const auto stretch = static_cast<double>(stretch_), tiles = static_cast<double>(parts(stretch_, tile.rows));
  const double to_gather = 0.3 + 10 / static_cast<double>(run_);
  return tiles * cycles_of_tile(stretch / tiles, panels) <
         stretch * (cycles_of_tile(tile.rows, panels) / tile.rows + to_gather);
}

template <class T>
bool PatchLines<T>::is_fast_by_columns() const {
  return run_ > 0 && stretch_ >= 2 && stride() <= near_columns<T>;
}

template class PatchLines<float>;
template class PatchLines<double>;

}  // namespace ebb::kernels
