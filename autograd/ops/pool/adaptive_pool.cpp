#include "ebb/autograd/ops/pool/adaptive_pool.h"

#include <algorithm>
#include <span>
#include <vector>

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/detail/average.h"
#include "ebb/autograd/ops/detail/constant.h"
#include "ebb/autograd/ops/detail/resample.h"
#include "ebb/autograd/ops/detail/window.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/elementwise/compare.h"
#include "ebb/autograd/ops/index/gather.h"
#include "ebb/autograd/ops/reduce/reduce.h"
#include "ebb/autograd/ops/shape/rearrange.h"
#include "ebb/autograd/ops/shape/shape.h"

namespace ebb {

using ops::SparseMatrix;

Dims OutputSize::of(const Tensor& x, int count) const {
  check(sizes.size() == 1 || static_cast<int>(sizes.size()) == count, "output_size must be one number or ", count,
        ", got ", sizes.size());
  Dims result;
  for (int i = 0; i < count; ++i) {
    result.push_back(sizes[sizes.size() == 1 ? 0 : static_cast<std::size_t>(i)].value_or(x.size(i - count)));
    check(result[i] >= 0 && checked_product(result[i], x.size(i - count)) >= 0,
          "output_size must not be negative, got ", result[i]);
  }
  return result;
}

namespace {

SparseMatrix average_shares(std::int64_t size, std::int64_t count) {
  SparseMatrix matrix(count, size);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t first = ops::share_begin(i, size, count), last = ops::share_end(i, size, count);
    for (std::int64_t k = first; k < last; ++k) matrix.add(k, 1 / static_cast<double>(last - first));
    matrix.end_row();
  }
  return matrix;
}

Tensor adaptive_avg_pool(const Tensor& x, const OutputSize& output_size, int dims) {
  ops::check_images(x, dims);
  const Dims sizes = output_size.of(x, dims);
  ops::check_fits(x, sizes);
  if (dims == 2 && numel(sizes) > 0) {
    const std::int64_t elements = (x.size(-2) / sizes[0] + 1) * (x.size(-1) / sizes[1] + 1);
    if (ops::can_average(x, elements)) return ops::averages(x, {.is_adaptive = true}, sizes);
  }
  std::vector<SparseMatrix> matrices;
  for (int i = 0; i < dims; ++i) matrices.push_back(average_shares(x.size(i - dims), sizes[i]));
  return ops::resample(x, matrices);
}

/// For each window along one dimension the elements in it; all lists have the length of the longest, where shorter
/// ones repeat their last element.
std::vector<std::vector<std::int64_t>> shares(std::int64_t size, std::int64_t count) {
  std::vector<std::vector<std::int64_t>> all;
  std::int64_t longest = 0;
  for (std::int64_t i = 0; i < count; ++i)
    longest = std::max(longest, ops::share_end(i, size, count) - ops::share_begin(i, size, count));
  for (std::int64_t i = 0; i < count; ++i) {
    auto& elements = all.emplace_back();
    for (std::int64_t k = 0; k < longest; ++k) {
      elements.push_back(std::min(ops::share_begin(i, size, count) + k, ops::share_end(i, size, count) - 1));
    }
  }
  return all;
}

/// The positions in (H, W) of the elements of each window: (h, w, elements).
Tensor windows_of(const Tensor& x, const Dims& sizes) {
  std::vector<std::int64_t> places;
  const auto rows = shares(x.size(-2), sizes[0]), columns = shares(x.size(-1), sizes[1]);
  for (const auto& row : rows) {
    for (const auto& column : columns) {
      for (const std::int64_t h : row) {
        for (const std::int64_t w : column) places.push_back(h * x.size(-1) + w);
      }
    }
  }
  const auto count = static_cast<std::int64_t>(places.size()), windows = sizes[0] * sizes[1];
  const Tensor flat = from_values(std::span<const std::int64_t>(places), {count});
  return ops::constant(flat.reshape({sizes[0], sizes[1], windows == 0 ? 0 : count / windows}), x.device());
}

}  // namespace

Tensor adaptive_avg_pool1d(const Tensor& x, const OutputSize& output_size, Site site) {
  const OpScope op("adaptive_avg_pool1d", site);
  return adaptive_avg_pool(x, output_size, 1);
}

Tensor adaptive_avg_pool2d(const Tensor& x, const OutputSize& output_size, Site site) {
  const OpScope op("adaptive_avg_pool2d", site);
  return adaptive_avg_pool(x, output_size, 2);
}

Tensor adaptive_avg_pool3d(const Tensor& x, const OutputSize& output_size, Site site) {
  const OpScope op("adaptive_avg_pool3d", site);
  return adaptive_avg_pool(x, output_size, 3);
}

ValuesAndIndices adaptive_max_pool2d_with_indices(const Tensor& x, const OutputSize& output_size, Site site) {
  const OpScope op("adaptive_max_pool2d", site);
  check(x.dim() == 3 || x.dim() == 4, "the input must be (N, C, H, W) or (C, H, W), got shape ", x.shape());
  for (int i = x.dim() - 3; i < x.dim(); ++i) {
    check(x.size(i) > 0, "only the batch may be empty, got an input of shape ", x.shape());
  }
  const Dims sizes = output_size.of(x, 2);
  Shape shape = x.shape();
  shape[x.dim() - 2] = sizes[0];
  shape[x.dim() - 1] = sizes[1];
  ops::check_fits(x, sizes);
  if (numel(shape) == 0)
    return {index_select(x.flatten(), 0, empty({0}, {.dtype = kInt64, .device = x.device()})).reshape(shape),
            empty(shape, {.dtype = kInt64, .device = x.device()})};
  const Tensor places = windows_of(x, sizes);
  shape.push_back(places.size(-1));
  const Tensor elements = index_select(x.flatten(-2), -1, places.flatten()).reshape(shape);
  // The first of equal ones, but of NaN the last.
  const Tensor first = argmax(elements, -1, true), nan = isnan(elements.detach());
  const Tensor last_nan = shape[shape.size() - 1] - 1 - argmax(flip(nan, {-1}), -1, true);
  const Tensor chosen = where(gather(nan, -1, first), last_nan, first);
  return {gather(elements, -1, chosen).squeeze(-1), gather(places.expand(shape), -1, chosen).squeeze(-1)};
}

ValuesAndIndices adaptive_max_pool1d_with_indices(const Tensor& x, const OutputSize& output_size, Site site) {
  const OpScope op("adaptive_max_pool1d", site);
  check(x.dim() == 2 || x.dim() == 3, "the input must be (N, C, L) or (C, L), got shape ", x.shape());
  const std::int64_t size = output_size.of(x, 1)[0];
  const auto [values, indices] = adaptive_max_pool2d_with_indices(x.unsqueeze(-2), {1, size});
  return {values.squeeze(-2), indices.squeeze(-2)};
}

Tensor adaptive_max_pool1d(const Tensor& x, const OutputSize& output_size, Site site) {
  return adaptive_max_pool1d_with_indices(x, output_size, site).values;
}

Tensor adaptive_max_pool2d(const Tensor& x, const OutputSize& output_size, Site site) {
  return adaptive_max_pool2d_with_indices(x, output_size, site).values;
}

}  // namespace ebb
