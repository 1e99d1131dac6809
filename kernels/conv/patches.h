#pragma once

#include <cstdint>

#include "ebb/kernels/conv/conv_task.h"

namespace ebb::kernels {

/// columns (last - first, kh kw c) = for each output pixel the part of `image` (H, W, C) that group `group` sees there,
/// with zeros outside of the image.
template <class T>
void im2col(const ConvSizes& sizes, const T* image, std::int64_t group, std::int64_t first, std::int64_t last,
            T* columns);

/// Adds each row of columns to the part of `image` that it came from; the transpose of im2col.
template <class T>
void col2im(const ConvSizes& sizes, const T* columns, std::int64_t group, std::int64_t first, std::int64_t last,
            T* image);

}  // namespace ebb::kernels
