#include "ebb/autograd/ops/resample/interpolate.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "ebb/autograd/autocast/autocasting.h"
#include "ebb/autograd/ops/detail/checks.h"
#include "ebb/autograd/ops/detail/resample.h"
#include "ebb/autograd/ops/pool/adaptive_pool.h"

namespace ebb {

using autograd::Autocasting;
using autograd::Precision;

using ops::SparseMatrix;
using Mode = InterpolateMode;

namespace {

/// One dimension of an interpolation.
struct Axis {
  std::int64_t in, out;
  double scale_factor;  // 0: the sizes' quotient
};

/// Computed in T, the dtype of the elements, as PyTorch does: rounding decides between neighbours.
template <class T>
T step(const Axis& a, bool align_corners) {
  if (align_corners) return a.out > 1 ? static_cast<T>(a.in - 1) / static_cast<T>(a.out - 1) : T(0);
  return a.scale_factor > 0 ? static_cast<T>(1 / a.scale_factor) : static_cast<T>(a.in) / static_cast<T>(a.out);
}

/// In float whatever the elements are, as in PyTorch.
SparseMatrix nearest(const Axis& a, bool exact) {
  SparseMatrix matrix(a.out, a.in);
  for (std::int64_t i = 0; i < a.out; ++i) {
    const float place = (static_cast<float>(i) + (exact ? 0.5F : 0.0F)) * step<float>(a, false);
    matrix.add(std::min(static_cast<std::int64_t>(std::floor(place)), a.in - 1), 1);
    matrix.end_row();
  }
  return matrix;
}

/// Between two neighbours: the first, and how far from it.
template <class T>
struct Place {
  Place(T at, std::int64_t size)
      : first(std::min(static_cast<std::int64_t>(std::floor(at)), size - 1)),
        part(std::clamp(at - static_cast<T>(first), T(0), T(1))) {}
  std::int64_t first;
  T part;
};

template <class T>
T place_of(std::int64_t i, const Axis& a, bool align_corners) {
  const T scale = step<T>(a, align_corners);
  return align_corners ? scale * static_cast<T>(i) : scale * (static_cast<T>(i) + T(0.5)) - T(0.5);
}

template <class T>
SparseMatrix linear(const Axis& a, bool align_corners) {
  SparseMatrix matrix(a.out, a.in, 2);
  for (std::int64_t i = 0; i < a.out; ++i) {
    const T at = a.in == a.out ? static_cast<T>(i) : place_of<T>(i, a, align_corners);
    const Place<T> place(std::max(at, T(0)), a.in);
    matrix.add(place.first, T(1) - place.part);
    if (place.part != 0) matrix.add(std::min(place.first + 1, a.in - 1), place.part);  // 0 times infinity is NaN
    matrix.end_row();
  }
  return matrix;
}

/// The weight of an element at distance t <= 1, and at 1 <= t <= 2; Keys' kernel with a = -3/4.
template <class T>
T cubic_near(T t) {
  return (T(1.25) * t - T(2.25)) * t * t + T(1);
}
template <class T>
T cubic_far(T t) {
  return ((T(-0.75) * t + T(3.75)) * t - T(6)) * t + T(3);
}

template <class T>
SparseMatrix cubic(const Axis& a, bool align_corners) {
  SparseMatrix matrix(a.out, a.in, 4);
  for (std::int64_t i = 0; i < a.out; ++i) {
    const Place<T> place(place_of<T>(i, a, align_corners), a.in);
    const T t = place.part;
    const std::array weights{cubic_far(t + T(1)), cubic_near(t), cubic_near(T(1) - t), cubic_far(T(2) - t)};
    for (std::int64_t k = 0; k < 4; ++k) {
      const std::int64_t column = std::clamp<std::int64_t>(place.first - 1 + k, 0, a.in - 1);
      matrix.add(column, weights[static_cast<std::size_t>(k)]);
    }
    matrix.end_row();
  }
  return matrix;
}

template <class T>
SparseMatrix matrix_of(const Axis& axis, Mode mode, bool align_corners) {
  if (mode == Mode::nearest || mode == Mode::nearest_exact) return nearest(axis, mode == Mode::nearest_exact);
  return mode == Mode::bicubic ? cubic<T>(axis, align_corners) : linear<T>(axis, align_corners);
}

void check_mode(const Tensor& x, const InterpolateOptions& o) {
  const bool takes_any = o.mode == Mode::nearest || o.mode == Mode::nearest_exact || o.mode == Mode::area;
  const int dims = o.mode == Mode::linear ? 1 : o.mode == Mode::trilinear ? 3 : 2;
  check(x.dim() >= 3 && x.dim() <= 5, "the input must be (N, C, ...) with 1 to 3 more dimensions, got shape ",
        x.shape());
  check(takes_any || x.dim() == dims + 2, "this mode is for inputs of ", dims + 2, " dimensions, got shape ",
        x.shape());
  check(!takes_any || !o.align_corners, "align_corners is an option of the linear and cubic modes only");
  ops::check_floating(x);
}

/// Entry i of a list that may hold one number for all.
template <class List>
auto entry(const List& list, int i) {
  return *(list.begin() + (list.end() - list.begin() == 1 ? 0 : i));
}

std::int64_t scaled(std::int64_t size, double scale) {
  const double result = static_cast<double>(size) * scale;
  check(result >= 0 && result < 0x1p53, "scale_factor ", scale, " makes a size of ", result, " of ", size);
  return static_cast<std::int64_t>(result);
}

std::vector<Axis> axes_of(const Tensor& x, const InterpolateOptions& o) {
  const int dims = x.dim() - 2, given = std::max(o.size.size(), static_cast<int>(o.scale_factor.size()));
  check(o.size.empty() != o.scale_factor.empty(), "either size or scale_factor must be given");
  check(given == 1 || given == dims, "size or scale_factor must be one number or ", dims, " for an input of shape ",
        x.shape(), ", got ", given);
  check(o.size.empty() || !o.recompute_scale_factor, "recompute_scale_factor needs a scale_factor, not a size");
  std::vector<Axis> axes;
  for (int i = 0; i < dims; ++i) {
    Axis& axis = axes.emplace_back(Axis{x.size(2 + i), 0, 0});
    const double scale = o.scale_factor.empty() ? 0 : entry(o.scale_factor, i);
    axis.out = o.size.empty() ? scaled(axis.in, scale) : entry(o.size, i);
    const bool copies = o.mode == Mode::nearest && x.dim() == 4 && (axis.out == axis.in || axis.out == 2 * axis.in);
    axis.scale_factor = o.recompute_scale_factor || copies ? 0 : scale;  // PyTorch copies rows of images only
    check(axis.in > 0 && axis.out > 0, "input and output sizes must be positive, got ", axis.in, " and ", axis.out);
  }
  return axes;
}

Tensor average(const Tensor& x, const std::vector<Axis>& axes) {
  std::vector<std::optional<std::int64_t>> sizes;
  for (const Axis& a : axes) sizes.emplace_back(a.out);
  const OutputSize output_size(sizes);
  return x.dim() == 3   ? adaptive_avg_pool1d(x, output_size)
         : x.dim() == 4 ? adaptive_avg_pool2d(x, output_size)
                        : adaptive_avg_pool3d(x, output_size);
}

}  // namespace

Tensor interpolate(const Tensor& x, const InterpolateOptions& o, Site site) {
  const bool converts = o.mode != InterpolateMode::area;
  if (const Autocasting as(converts ? Precision::full_on_gpu : Precision::given, x); as) {
    return interpolate(as(x), o, site);
  }
  const OpScope op("interpolate", site);
  check_mode(x, o);
  const std::vector<Axis> axes = axes_of(x, o);
  if (o.mode == Mode::area) return average(x, axes);
  Dims sizes;
  for (const Axis& axis : axes) sizes.push_back(axis.out);
  ops::check_fits(x, sizes);
  std::vector<SparseMatrix> matrices;
  for (const Axis& axis : axes) {
    const bool align_corners = o.align_corners.value_or(false);
    matrices.push_back(x.dtype() == kFloat64 ? matrix_of<double>(axis, o.mode, align_corners)
                                             : matrix_of<float>(axis, o.mode, align_corners));
  }
  return ops::resample(x, matrices);
}

Tensor upsample_nearest(const Tensor& x, InterpolateOptions options, Site site) {
  options.mode = Mode::nearest;
  return interpolate(x, options, site);
}

Tensor upsample_bilinear(const Tensor& x, InterpolateOptions options, Site site) {
  options.mode = Mode::bilinear;
  options.align_corners = true;
  return interpolate(x, options, site);
}

}  // namespace ebb
