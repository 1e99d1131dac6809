#include "ebb/kernels/cpu/row_loop.h"

namespace ebb::kernels::detail {
namespace {

using Offsets = std::array<std::int64_t, max_operands>;

/// Where a walk over rows is: the offsets of a row, and its index in each dimension but the innermost.
class Walk {
 public:
  Walk(const Shape& sizes, std::span<const Strides> strides, std::int64_t row) : sizes_(sizes), strides_(strides) {
    for (int d = 1; d < sizes.size(); ++d) {
      index(d) = row % sizes[d];
      row /= sizes[d];
      move(d, index(d));
    }
  }

  const std::int64_t* offsets() const { return offsets_.data(); }

  /// Rows up to the end of dimension 1.
  std::int64_t rows_left() const { return sizes_[1] - index_[1]; }

  /// Goes on by at most rows_left().
  void advance(std::int64_t rows) {
    for (int d = 1; d < sizes_.size(); ++d, rows = 1) {
      move(d, rows);
      index(d) += rows;
      if (index(d) < sizes_[d]) return;
      move(d, -index(d));
      index(d) = 0;
    }
  }

 private:
  std::int64_t& index(int d) { return index_[static_cast<std::size_t>(d)]; }

  void move(int d, std::int64_t places) {
    for (std::size_t k = 0; k < strides_.size(); ++k) offsets_[k] += places * strides_[k][d];
  }

  const Shape& sizes_;
  std::span<const Strides> strides_;
  std::array<std::int64_t, max_dims> index_{};
  Offsets offsets_{};
};

Offsets strides_of(int d, std::span<const Strides> strides) {
  Offsets step{};
  for (std::size_t k = 0; k < strides.size(); ++k) step[k] = strides[k][d];
  return step;
}

}  // namespace

void for_each_block(const Shape& sizes, std::span<const Strides> strides, std::int64_t numel, std::int64_t grain,
                    BlockBody body, void* closure) {
  if (numel == 0) return;
  const Offsets step = strides_of(0, strides);
  if (numel == sizes[0] && numel <= grain) {
    const Offsets none{};
    return body(closure, {none.data(), step.data(), none.data(), numel, 1});
  }
  if (numel == sizes[0]) {
    return parallel_for(numel, grain, [&](std::int64_t begin, std::int64_t end) {
      Offsets offsets{};
      for (std::size_t k = 0; k < strides.size(); ++k) offsets[k] = begin * step[k];
      body(closure, {offsets.data(), step.data(), offsets.data(), end - begin, 1});
    });
  }
  const Offsets next = strides_of(1, strides);
  const std::int64_t row = sizes[0];
  parallel_for(numel / row, std::max<std::int64_t>(1, grain / row), [&](std::int64_t begin, std::int64_t end) {
    Walk walk(sizes, strides, begin);
    while (begin < end) {
      const std::int64_t rows = std::min(walk.rows_left(), end - begin);
      body(closure, {walk.offsets(), step.data(), next.data(), row, rows});
      walk.advance(rows);
      begin += rows;
    }
  });
}

}  // namespace ebb::kernels::detail
