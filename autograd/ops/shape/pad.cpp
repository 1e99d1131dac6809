#include "ebb/autograd/ops/shape/pad.h"

#include <algorithm>

#include "ebb/autograd/autocast/autocasting.h"
#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/detail/resample.h"
#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/autograd/record.h"

namespace ebb {

using autograd::Autocasting;
using autograd::Precision;

using autograd::record;
using autograd::wrt;

namespace {

constexpr std::int64_t most_padding = std::int64_t{1} << 60;  // so that a size and two of them fit 64 bits

void check_padding(const Tensor& x, const Dims& padding) {
  check(padding.size() % 2 == 0, "padding must be pairs of before and after, got ", padding);
  check(padding.size() / 2 <= x.dim(), "padding ", padding, " is for ", padding.size() / 2,
        " dimensions, the tensor of shape ", x.shape(), " has fewer");
  for (int i = 0; i < padding.size(); ++i) {
    check(std::abs(padding[i]) < most_padding, "padding must be less than ", most_padding, ", got ", padding);
  }
}

/// One dimension of a padding.
struct Side {
  std::int64_t size, before, after;
};

/// Which element stands at `i`, counted from the first one, where i may lie outside.
std::int64_t source(std::int64_t i, const Side& s, PadMode mode) {
  if (mode == PadMode::replicate) return std::clamp<std::int64_t>(i, 0, s.size - 1);
  if (mode == PadMode::reflect) return i < 0 ? -i : i >= s.size ? 2 * (s.size - 1) - i : i;
  const std::int64_t first = std::max<std::int64_t>(-s.before, 0);  // circular: of what is left of a crop
  const std::int64_t period = s.size - first - std::max<std::int64_t>(-s.after, 0);
  return first + ((i - first) % period + period) % period;
}

void check_side(const Side& s, PadMode mode) {
  const auto [size, before, after] = s;
  const std::int64_t most = std::max(before, after);
  check(size > 0, "there is nothing to pad with in a dimension of size 0");
  check(mode != PadMode::reflect || most < size, "a reflected padding must be smaller than the dimension: got ", most,
        " for size ", size);
  check(mode != PadMode::circular || most <= size, "a circular padding must not be larger than the dimension: got ",
        most, " for size ", size);
  const std::int64_t left = size - std::max<std::int64_t>(-before, 0) - std::max<std::int64_t>(-after, 0);
  check(mode != PadMode::circular || left > 0, "padding ", before, ", ", after, " crops all of size ", size,
        ": there is nothing to repeat");
  check(before + after + size > 0, "padding ", before, ", ", after, " leaves nothing of size ", size);
}

}  // namespace

Tensor pad(const Tensor& x, const Dims& padding, double value, Site site) {
  const OpScope op("pad", site);
  check_padding(x, padding);
  Shape shape = x.shape();
  Dims opposite = padding;
  for (std::int64_t& p : opposite) p = -p;
  Tensor part = x.detach();
  for (int i = 0; i < padding.size() / 2; ++i) {  // crop what is negative
    const int d = x.dim() - 1 - i;
    const std::int64_t before = padding[2 * i], after = padding[2 * i + 1];
    shape[d] += before + after;
    check(shape[d] >= 0, "padding ", padding, " crops more than there is of shape ", x.shape());
    const std::int64_t left = std::max<std::int64_t>(-before, 0), right = std::max<std::int64_t>(-after, 0);
    part = part.narrow(d, std::min(left, x.size(d)), std::max<std::int64_t>(x.size(d) - left - right, 0));
  }
  const Tensor y = empty(shape, {.dtype = x.dtype(), .device = x.device()}, x.suggested_format());
  no_grad([&] {
    y.fill_(value);
    Tensor inside = y;
    for (int i = 0; i < padding.size() / 2; ++i) {
      const int d = x.dim() - 1 - i;
      inside = inside.narrow(d, std::max<std::int64_t>(padding[2 * i], 0), part.size(d));
    }
    inside.copy_(part);
  });
  return record(y.detach(), wrt(x, [opposite](const Tensor& dy) { return pad(dy, opposite); }));
}

Tensor pad(const Tensor& x, const Dims& padding, PadMode mode, Site site) {
  if (mode == PadMode::constant) return pad(x, padding, 0.0, site);
  const bool converts = mode != PadMode::circular;
  if (const Autocasting as(converts ? Precision::full_on_cpu : Precision::given, x); as) {
    return pad(as(x), padding, mode, site);
  }
  const OpScope op("pad", site);
  check_padding(x, padding);
  const int dims = padding.size() / 2;
  check(dims <= 3 && (x.dim() == dims + 1 || x.dim() == dims + 2), "this mode pads the last dimensions of (N, C, ...) ",
        "or (C, ...), of which there are as many as pairs in ", padding, "; got shape ", x.shape());
  Dims sizes;
  for (int i = dims - 1; i >= 0; --i) {
    const Side side{x.size(-1 - i), padding[2 * i], padding[2 * i + 1]};
    check_side(side, mode);
    sizes.push_back(side.before + side.size + side.after);
  }
  ops::check_fits(x, sizes);
  std::vector<ops::SparseMatrix> matrices;
  for (int i = dims - 1; i >= 0; --i) {
    const Side side{x.size(-1 - i), padding[2 * i], padding[2 * i + 1]};
    ops::SparseMatrix& matrix = matrices.emplace_back(sizes[dims - 1 - i], side.size);
    for (std::int64_t k = -side.before; k < side.size + side.after; ++k) {
      matrix.add(source(k, side, mode), 1);
      matrix.end_row();
    }
  }
  return ops::resample(x, matrices);
}

}  // namespace ebb
