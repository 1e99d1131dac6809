#pragma once

#include <optional>

#include "ebb/core/tensor.h"

namespace ebb {

// Views of a part of one dimension. Positions may count from the end.

/// Elements start, start + step, ... before `end` of one dimension; bounds beyond it are limited to it.
Tensor slice(const Tensor& x, std::int64_t dim, std::optional<std::int64_t> start, std::optional<std::int64_t> end,
             std::int64_t step = 1, Site site = Site::current());
Tensor narrow(const Tensor& x, std::int64_t dim, std::int64_t start, std::int64_t length, Site site = Site::current());
Tensor select(const Tensor& x, std::int64_t dim, std::int64_t index, Site site = Site::current());

}  // namespace ebb
