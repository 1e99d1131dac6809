#pragma once

#include "ebb/autograd/ops/create/values.h"
#include "ebb/core/tensor.h"

namespace ebb {

Tensor zeros(const Shape& shape, const TensorOptions& options = {}, Site site = Site::current());
Tensor ones(const Shape& shape, const TensorOptions& options = {}, Site site = Site::current());
Tensor full(const Shape& shape, Scalar value, const TensorOptions& options = {}, Site site = Site::current());
Tensor zeros_like(const Tensor& x, Site site = Site::current());
Tensor ones_like(const Tensor& x, Site site = Site::current());
/// start, start + step, ... up to but without `end`; int64 where all three are integers and options name no dtype.
Tensor arange(Scalar start, Scalar end, Scalar step = 1, Site site = Site::current());
Tensor arange(Scalar end, Site site = Site::current());
/// The n x n identity.
Tensor eye(std::int64_t n, const TensorOptions& options = {}, Site site = Site::current());

}  // namespace ebb
