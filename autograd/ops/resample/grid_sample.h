#pragma once

#include "ebb/core/tensor.h"

namespace ebb {

enum class GridMode : std::uint8_t { bilinear, nearest, bicubic };
/// What is read outside: 0, the nearest element of the edge, or elements mirrored at the edge.
enum class GridPadding : std::uint8_t { zeros, border, reflection };

struct GridSampleOptions {
  GridMode mode = GridMode::bilinear;
  GridPadding padding_mode = GridPadding::zeros;
  bool align_corners = false;  ///< whether -1 and 1 are the centres of the corner elements, or their outer edges
};

/// x (N, C, H, W) read at the places grid (N, H', W', 2): (x, y) from -1 to 1, left to right and top to bottom. Or
/// x (N, C, D, H, W) at grid (N, D', H', W', 3). Jaderberg et al., NIPS 2015.
Tensor grid_sample(const Tensor& x, const Tensor& grid, const GridSampleOptions& options = {},
                   Site site = Site::current());

/// The grid (N, H', W', 2), or (N, D', H', W', 3), on which theta (N, 2, 3), or (N, 3, 4), maps the places of a result
/// of `size` (N, C, H', W'), or (N, C, D', H', W').
Tensor affine_grid(const Tensor& theta, const Shape& size, bool align_corners = false, Site site = Site::current());

}  // namespace ebb
