#pragma once

#include <optional>

#include "ebb/core/tensor.h"

namespace ebb {

// Elements chosen by index tensors (int64 or int32). An index outside of its dimension is an Error on the CPU; on a
// GPU it is skipped, and reads as NaN or 0. Sums are made in a fixed order on both.

/// y[i][j] = x[index[i][j]][j] for dim = 0, and so on; of the shape of index, which must not exceed that of x but along
/// dim.
Tensor gather(const Tensor& x, std::int64_t dim, const Tensor& index, Site site = Site::current());
/// As gather, with shapes that broadcast but for dim, and indices that may count from the end; without a dim of the
/// flattened tensors.
Tensor take_along_dim(const Tensor& x, const Tensor& index, std::optional<std::int64_t> dim = {},
                      Site site = Site::current());

/// x with y[index[i][j]][j] = src[i][j] for dim = 0, and so on, the transpose of gather; of equal places the last in
/// order counts. src must not be smaller than index.
Tensor scatter(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& src, Site site = Site::current());
Tensor scatter(const Tensor& x, std::int64_t dim, const Tensor& index, Scalar value, Site site = Site::current());
/// The same with y[...] += src[...].
Tensor scatter_add(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& src,
                   Site site = Site::current());

/// The slices of x along dim that index (n), or (), names, one after the other.
Tensor index_select(const Tensor& x, std::int64_t dim, const Tensor& index, Site site = Site::current());
/// x with alpha times slice i of src added to the slice index[i] of dim.
Tensor index_add(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& src, Scalar alpha = 1,
                 Site site = Site::current());

}  // namespace ebb
