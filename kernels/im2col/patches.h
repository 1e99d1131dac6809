#pragma once

#include <cstdint>

#include "ebb/kernels/conv/conv_task.h"

namespace ebb::kernels {

/// A part of the matrix (images pixels, kh kw c) whose rows are what group `group` of a convolution sees at each output
/// pixel, with zeros outside of the image.
struct PatchRange {
  std::int64_t group, first_row, rows, first_column, columns;
};

/// The range in C order, of images x (N, H, W, C).
template <class T>
void gather_patches(const ConvSizes& sizes, const T* x, const PatchRange& range, T* to);

}  // namespace ebb::kernels
