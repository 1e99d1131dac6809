#pragma once

#include <vector>

#include "ebb/core/tensor.h"

namespace ebb {

/// Views of `split_size` slices each along `dim`; the last one may have fewer.
std::vector<Tensor> split(const Tensor& x, std::int64_t split_size, std::int64_t dim = 0, Site site = Site::current());
/// Views of as many slices as `sizes` say, which must add up to the size of `dim`.
std::vector<Tensor> split_with_sizes(const Tensor& x, const std::vector<std::int64_t>& sizes, std::int64_t dim = 0,
                                     Site site = Site::current());
/// At most `chunks` views of equal size along `dim`; the last one may be smaller.
std::vector<Tensor> chunk(const Tensor& x, std::int64_t chunks, std::int64_t dim = 0, Site site = Site::current());
/// A view of each slice along `dim`, without it.
std::vector<Tensor> unbind(const Tensor& x, std::int64_t dim = 0, Site site = Site::current());
/// Views of the tensors, each of one dimension or none, expanded along dimensions of their own: the i-th varies along
/// dimension i, or the first two the other way round where indexing is "xy".
std::vector<Tensor> meshgrid(const std::vector<Tensor>& tensors, const std::string& indexing = "ij",
                             Site site = Site::current());

}  // namespace ebb
