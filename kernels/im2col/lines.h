#pragma once

#include <cstdint>
#include <vector>

#include "ebb/kernels/conv/conv_task.h"
#include "ebb/kernels/gemm/blocks.h"
#include "ebb/kernels/im2col/patches.h"

namespace ebb::kernels {

/// The matrix of patches as it lies in the images x (N, H, W, C), so that none is gathered: the patches of an output
/// line begin one stride apart, and each consists of runs, one for each row of the kernel or, where groups or dilation
/// part them, for each tap. Where padding is missing around the images, lines of them are copied and get it.
template <class T>
class PatchLines {
 public:
  PatchLines(const ConvSizes& sizes, const T* x);

  /// Whole stretches by whole runs. Those of a range that does not begin with column 0 must have been the last call's.
  Block<T> rows(const PatchRange& range) const;
  /// The same transposed.
  Block<T> columns(const PatchRange& range) const;

  std::int64_t run() const { return run_; }
  /// Output pixels whose patches are evenly apart: a line, or a part of one that is long; 0 where it has no equal
  /// parts.
  std::int64_t stretch() const { return stretch_; }
  /// Elements that lines have for each pixel.
  double elements() const;
  /// Cycles that a pixel costs for each element of its patch.
  double fetch() const;
  /// Whether a product is faster by them than by patches that are gathered.
  bool is_fast_by_rows() const;
  bool is_fast_by_columns() const;

 private:
  std::int64_t stride() const { return sizes_.geometry.stride[1] * pixel_; }  // from one patch to the next
  std::int64_t line(std::int64_t output_line) const;
  const T* copy(std::int64_t group, std::int64_t first, std::int64_t last) const;
  void copy_line(const T* x, std::int64_t begin, std::int64_t end, T* to) const;

  const ConvSizes& sizes_;
  const T* x_;
  bool in_place_;
  std::int64_t pixel_, pixels_, lines_;  // elements of a pixel, pixels of a line, lines of an image
  std::int64_t run_, stretch_;
  std::vector<std::int64_t> offsets_;  // of the runs of a patch
};

}  // namespace ebb::kernels
