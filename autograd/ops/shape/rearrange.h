#pragma once

#include <optional>

#include "ebb/core/tensor.h"

namespace ebb {

/// The elements in reverse order along each of `dims`.
Tensor flip(const Tensor& x, const Dims& dims, Site site = Site::current());
/// Element i moved to i + shift along each of `dims`, round the end; of the flattened tensor where no dim is named.
Tensor roll(const Tensor& x, const Dims& shifts, const Dims& dims = {}, Site site = Site::current());
/// The elements of the matrices x (..., rows, columns) on and below, or above, the diagonal, and 0 elsewhere.
Tensor tril(const Tensor& x, std::int64_t diagonal = 0, Site site = Site::current());
Tensor triu(const Tensor& x, std::int64_t diagonal = 0, Site site = Site::current());

/// x laid side by side as often as `repeats` says for each dimension, of which there may be more than x has, in front.
Tensor repeat(const Tensor& x, const Dims& repeats, Site site = Site::current());
/// The same where there may also be fewer: those in front are 1.
Tensor tile(const Tensor& x, const Dims& repeats, Site site = Site::current());
/// Each slice along dim, or each element of the flattened tensor, as often in a row: a number, or one (int64) a slice.
Tensor repeat_interleave(const Tensor& x, std::int64_t repeats, std::optional<std::int64_t> dim = {},
                         Site site = Site::current());
Tensor repeat_interleave(const Tensor& x, const Tensor& repeats, std::optional<std::int64_t> dim = {},
                         Site site = Site::current());
Tensor expand_as(const Tensor& x, const Tensor& other, Site site = Site::current());

/// Views with dimensions moved: source[i] becomes destination[i], the others keep their order.
Tensor movedim(const Tensor& x, const Dims& source, const Dims& destination, Site site = Site::current());
Tensor swapaxes(const Tensor& x, std::int64_t axis0, std::int64_t axis1, Site site = Site::current());

/// Slices of `size` elements of dim, `step` apart, in a new last dimension.
Tensor unfold(const Tensor& x, std::int64_t dim, std::int64_t size, std::int64_t step, Site site = Site::current());

}  // namespace ebb
