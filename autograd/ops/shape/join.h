#pragma once

#include <span>

#include "ebb/core/tensor.h"

namespace ebb {

/// The tensors one after another along `dim`; the other sizes must agree. Empty 1-D tensors are skipped, as in PyTorch.
Tensor cat(std::span<const Tensor> tensors, std::int64_t dim = 0, Site site = Site::current());
Tensor cat(std::initializer_list<Tensor> tensors, std::int64_t dim = 0, Site site = Site::current());
/// The tensors, of one shape, along a new dimension.
Tensor stack(std::span<const Tensor> tensors, std::int64_t dim = 0, Site site = Site::current());
Tensor stack(std::initializer_list<Tensor> tensors, std::int64_t dim = 0, Site site = Site::current());

}  // namespace ebb
