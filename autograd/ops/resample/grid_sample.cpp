#include "ebb/autograd/ops/resample/grid_sample.h"

#include <algorithm>
#include <span>
#include <vector>

#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/detail/autocasting.h"
#include "ebb/autograd/ops/detail/compute.h"
#include "ebb/autograd/ops/detail/constant.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/elementwise/compare.h"
#include "ebb/autograd/ops/elementwise/unary.h"
#include "ebb/autograd/ops/index/gather.h"
#include "ebb/autograd/ops/linalg/linalg.h"
#include "ebb/autograd/ops/reduce/reduce.h"
#include "ebb/autograd/ops/shape/join.h"
#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/autograd/record.h"

namespace ebb {

using ops::Autocasting;
using ops::Precision;

using autograd::record;
using autograd::wrt;

namespace {

/// Along one dimension of x, for each place of the grid: an element to read, whether it exists, and its weight.
struct Tap {
  Tensor index, inside, weight;
};
using Taps = std::vector<Tap>;  // whose weights add up to 1

/// The greatest whole number below; has no gradient.
Tensor floor_of(const Tensor& x) {
  return no_grad([&] { return floor(x.detach()); });
}

/// Halves go to the even neighbour.
Tensor round_of(const Tensor& x) {
  return no_grad([&] { return round(x.detach()); });
}

Tensor reflected(const Tensor& at, double low, double high) {
  if (high <= low) return at * 0;
  const Tensor distance = abs(at - low), flips = floor_of(distance / (high - low));
  const Tensor rest = distance - flips * (high - low), odd = flips - floor_of(flips / 2) * 2;
  return where(eq(odd, 0), rest + low, high - rest);
}

/// `at` brought inside of [0, size) by the padding.
Tensor padded(const Tensor& at, std::int64_t size, const GridSampleOptions& o) {
  if (o.padding_mode == GridPadding::zeros) return at;
  const auto last = static_cast<double>(size - 1);
  const Tensor inside = o.padding_mode == GridPadding::border ? at
                        : o.align_corners                     ? reflected(at, 0, last)
                                                              : reflected(at, -0.5, last + 0.5);
  return clamp(inside, 0.0, last);
}

Tap tap(const Tensor& place, std::int64_t size, const Tensor& weight = {}) {
  const NoGradGuard no_grad;
  const Tensor inside = logical_and(ge(place, 0), lt(place, size));
  return {where(inside, place, zeros_like(place)).to(kInt64), inside, weight};
}

Taps linear_taps(const Tensor& at, std::int64_t size) {
  const Tensor first = floor_of(at), part = at - first;
  return {tap(first, size, 1 - part), tap(first + 1, size, part)};
}

/// Keys' kernel with a = -3/4, at the distances t, 1 + t, s = 1 - t and 1 + s, in factors.
Taps cubic_taps(const Tensor& at, std::int64_t size, const GridSampleOptions& o) {
  const Tensor first = floor_of(at), t = at - first, s = 1 - t;
  const auto near = [](const Tensor& d, const Tensor& rest) { return rest * (d - d * d * 1.25 + 1); };
  const auto far = [](const Tensor& d, const Tensor& rest) { return d * rest * rest * -0.75; };
  const auto at_offset = [&](int offset, const Tensor& weight) {
    return tap(padded(first + offset, size, o), size, weight);
  };
  return {at_offset(0, near(t, s)), at_offset(-1, far(t, s)), at_offset(1, near(s, t)), at_offset(2, far(s, t))};
}

Taps taps_of(const Tensor& coordinate, std::int64_t size, const GridSampleOptions& o) {
  const auto n = static_cast<double>(size);
  const Tensor at = o.align_corners ? (coordinate + 1) * ((n - 1) / 2) : ((coordinate + 1) * n - 1) / 2;
  if (o.mode == GridMode::bicubic) return cubic_taps(at, size, o);
  const Tensor inside = padded(at, size, o);
  return o.mode == GridMode::bilinear ? linear_taps(inside, size) : Taps{tap(round_of(inside), size)};
}

/// The element of x (N, C, ...) for each place of the grid, 0 where it does not exist.
Tensor read(const Tensor& x, const Tensor& index, const Tensor& inside) {
  Shape shape{x.size(0), x.size(1)};
  for (int i = 1; i < index.dim(); ++i) shape.push_back(index.size(i));
  const Tensor flat = index.reshape({x.size(0), 1, -1});
  const Tensor values = gather(x.flatten(2), 2, flat.expand({x.size(0), x.size(1), flat.size(2)})).reshape(shape);
  return where(inside.unsqueeze(1), values, zeros({}, {.dtype = x.dtype(), .device = x.device()}));
}

/// x read at the taps of the dimensions from `d` on. Weights multiply differences: equal elements give no gradient.
Tensor sample(const Tensor& x, std::span<const Taps> taps, std::size_t d, const Tensor& index, const Tensor& inside) {
  if (d == taps.size()) return read(x, index, inside);
  const auto value = [&](const Tap& t) {
    return sample(x, taps, d + 1, index * x.size(2 + static_cast<int>(d)) + t.index, logical_and(inside, t.inside));
  };
  const Tensor first = value(taps[d][0]);
  Tensor y = first;
  for (const Tap& t : taps[d]) {
    if (&t != &taps[d][0]) y = y + t.weight.unsqueeze(1) * (value(t) - first);
  }
  return y;
}

void check_arguments(const Tensor& x, const Tensor& grid) {
  check(is_floating(x.dtype()) && x.dtype() == grid.dtype() && x.device() == grid.device(),
        "input and grid must be of one floating dtype, on one device: got ", x.dtype(), " on ", x.device(), " and ",
        grid.dtype(), " on ", grid.device());
  check((x.dim() == 4 || x.dim() == 5) && grid.dim() == x.dim(), "the input must be (N, C, H, W) or (N, C, D, H, W) ",
        "and the grid have as many dimensions, got shapes ", x.shape(), " and ", grid.shape());
  check(grid.size(0) == x.size(0) && grid.size(-1) == x.dim() - 2, "an input of shape ", x.shape(), " needs a grid (",
        x.size(0), ", ..., ", x.dim() - 2, "), got shape ", grid.shape());
  for (int i = 2; i < x.dim(); ++i) check(x.size(i) > 0, "images must not be empty, got shape ", x.shape());
}

}  // namespace

Tensor grid_sample(const Tensor& x, const Tensor& grid, const GridSampleOptions& o, Site site) {
  if (const Autocasting as(Precision::full_on_cpu, x); as) return grid_sample(as(x), as(grid), o, site);
  if (is_half_precision(x.dtype()) && grid.dtype() == x.dtype()) {
    return grid_sample(ops::opmath(x), ops::opmath(grid), o, site).to(x.dtype());
  }
  const OpScope op("grid_sample", site);
  check_arguments(x, grid);
  const int dims = x.dim() - 2;
  if (grid.numel() == 0) {
    Shape shape{x.size(0), x.size(1)};
    for (int i = 1; i <= dims; ++i) shape.push_back(grid.size(i));
    return (sum(x) * 0 + sum(grid)).expand(shape);
  }
  std::vector<Taps> taps;
  for (int d = 0; d < dims; ++d) taps.push_back(taps_of(grid.select(-1, dims - 1 - d), x.size(2 + d), o));
  const Tensor origin = zeros_like(taps[0][0].index), anywhere = ones_like(taps[0][0].inside);
  const Tensor y = sample(x, taps, 0, origin, anywhere);
  if (o.mode != GridMode::nearest) return y;
  return record(y.detach(), wrt(y, [](const Tensor& dy) { return dy; }),
                wrt(grid, [shape = grid.shape(), dtype = grid.dtype(), device = grid.device()](const Tensor&) {
                  return zeros(shape, {.dtype = dtype, .device = device});
                }));
}

Tensor affine_grid(const Tensor& theta, const Shape& size, bool align_corners, Site site) {
  if (is_half_precision(theta.dtype())) {
    return affine_grid(ops::opmath(theta), size, align_corners, site).to(theta.dtype());
  }
  const OpScope op("affine_grid", site);
  const int dims = size.size() - 2;
  check(dims == 2 || dims == 3, "the size must be (N, C, H, W) or (N, C, D, H, W), got ", size);
  check(std::ranges::all_of(size, [](std::int64_t n) { return n >= 0; }), "the size must not be negative, got ", size);
  check(is_floating(theta.dtype()) && theta.shape() == Shape({size[0], dims, dims + 1}), "theta must be a floating (",
        size[0], ", ", dims, ", ", dims + 1, "), got ", theta.dtype(), " of shape ", theta.shape());
  Shape grid{1};
  for (int d = 0; d < dims; ++d) grid.push_back(size[2 + d]);
  std::vector<Tensor> coordinates;
  for (int d = dims - 1; d >= 0; --d) {
    const std::int64_t n = size[2 + d];
    const double gaps = static_cast<double>(align_corners ? std::max<std::int64_t>(n - 1, 1) : n);
    const Tensor steps = ops::constant(arange(n).to(theta.dtype()), theta.device());
    Shape line = Dims::filled(dims + 1, 1);
    line[1 + d] = n;
    const Tensor at =
        align_corners && n > 1 ? steps * (2 / gaps) - 1 : (steps * 2 + (1 - static_cast<double>(n))) / gaps;
    coordinates.push_back(at.reshape(line).expand(grid));
  }
  coordinates.push_back(ones(grid, {.dtype = theta.dtype(), .device = theta.device()}));
  const Tensor places = stack(coordinates, -1).reshape({1, -1, dims + 1}).expand({size[0], numel(grid), dims + 1});
  Shape shape = grid;
  shape[0] = size[0];
  shape.push_back(dims);
  return bmm(places, theta.transpose(1, 2)).reshape(shape);
}

}  // namespace ebb
