#include "ebb/autograd/ops/shape/join.h"

#include <algorithm>

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/detail/checks.h"
#include "ebb/autograd/ops/detail/compute.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/autograd/record.h"

namespace ebb {

using autograd::record;

namespace {

bool is_legacy_empty(const Tensor& t) { return t.dim() == 1 && t.size(0) == 0; }

Shape joined_shape(std::span<const Tensor> tensors, int dim) {
  Shape shape = tensors[0].shape();
  shape[dim] = 0;
  for (const Tensor& t : tensors) {
    check(t.dim() == shape.size(), "tensors must have one number of dimensions, got shapes ", tensors[0].shape(),
          " and ", t.shape());
    for (int i = 0; i < shape.size(); ++i) {
      check(i == dim || t.shape()[i] == shape[i], "sizes must agree but in dimension ", dim, ", got shapes ",
            tensors[0].shape(), " and ", t.shape());
    }
    shape[dim] += t.shape()[dim];
  }
  return shape;
}

/// All of one dtype.
std::vector<Tensor> promoted(std::span<const Tensor> tensors) {
  DType dtype = tensors[0].dtype();
  for (const Tensor& t : tensors) {
    ops::check_one_device(tensors[0], t);
    dtype = promote(dtype, t.dtype());
  }
  std::vector<Tensor> out;
  std::ranges::transform(tensors, std::back_inserter(out), [&](const Tensor& t) { return t.to(dtype); });
  return out;
}

/// The gradients of tensors that were joined; those of length -1 were skipped as empty.
std::vector<Tensor> parts_of(const Tensor& dy, int dim, const std::vector<std::int64_t>& lengths) {
  std::vector<Tensor> parts;
  std::int64_t start = 0;
  for (const std::int64_t length : lengths) {
    const bool skipped = length < 0;
    parts.push_back(skipped ? zeros({0}, {.dtype = dy.dtype(), .device = dy.device()})
                            : narrow(dy, dim, start, length));
    start += skipped ? 0 : length;
  }
  return parts;
}

}  // namespace

Tensor cat(std::span<const Tensor> given, std::int64_t dim, Site site) {
  const OpScope op("cat", site);
  check(!given.empty(), "needs at least one tensor");
  const std::vector<Tensor> inputs = promoted(given);
  std::vector<Tensor> tensors = inputs;
  if (!std::ranges::all_of(tensors, is_legacy_empty)) std::erase_if(tensors, is_legacy_empty);
  check(tensors[0].dim() > 0, "scalars have no dimension to be joined along; use stack()");
  const int d = wrap_dim(dim, tensors[0].dim());
  const Tensor& first = tensors[0];
  const auto copy_all = [d](auto& context, std::span<const Tensor> of, const Tensor& y) {
    std::int64_t offset = 0;
    for (const Tensor& t : of) {
      Tensor part = y.alias(t.shape(), y.strides(), offset);
      kernels::copy(context, t, part);
      offset += t.size(d) * y.strides()[d];
    }
  };
  const Tensor y = ops::made(tensors, joined_shape(tensors, d), first.suggested_format(), copy_all);
  std::vector<std::int64_t> lengths;  // -1 for those that were skipped
  for (const Tensor& t : inputs) lengths.push_back(t.dim() == first.dim() ? t.size(d) : -1);
  return record(y, inputs, [d, lengths](const Tensor& dy) { return parts_of(dy, d, lengths); });
}

Tensor cat(std::initializer_list<Tensor> tensors, std::int64_t dim, Site site) {
  return cat(std::span(tensors.begin(), tensors.size()), dim, site);
}

Tensor stack(std::span<const Tensor> tensors, std::int64_t dim, Site site) {
  const OpScope op("stack", site);
  check(!tensors.empty(), "needs at least one tensor");
  std::vector<Tensor> expanded;
  for (const Tensor& t : tensors) {
    check(t.shape() == tensors[0].shape(), "tensors must have one shape, got ", tensors[0].shape(), " and ", t.shape());
    expanded.push_back(t.unsqueeze(dim));
  }
  return cat(expanded, wrap_dim(dim, tensors[0].dim() + 1));
}

Tensor stack(std::initializer_list<Tensor> tensors, std::int64_t dim, Site site) {
  return stack(std::span(tensors.begin(), tensors.size()), dim, site);
}

}  // namespace ebb
