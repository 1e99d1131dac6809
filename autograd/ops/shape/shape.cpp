#include "ebb/autograd/ops/shape/shape.h"

#include <algorithm>

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/shape/as_strided.h"
#include "ebb/autograd/record.h"

namespace ebb {

using autograd::record;
using autograd::wrt;

/// `shape` with its -1 replaced by what is left of `count` elements.
static Shape resolved(const Shape& shape, std::int64_t count, const Shape& from) {
  Shape out = shape;
  std::int64_t known = 1, unknown = -1;
  for (int i = 0; i < out.size(); ++i) {
    check(out[i] >= -1, "a size must be -1 or not negative, got shape ", shape);
    check(out[i] != -1 || unknown == -1, "only one size can be -1, got shape ", shape);
    if (out[i] == -1) {
      unknown = i;
    } else {
      known = checked_product(known, out[i]);
    }
  }
  if (unknown >= 0) {
    check(known != 0, "a size of -1 is ambiguous beside a size of 0, got shape ", shape);
    check(count % known == 0, "shape ", shape, " does not fit a tensor of shape ", from, ": ", count,
          " elements are no multiple of ", known);
    out[static_cast<int>(unknown)] = count / known;
  }
  check(numel(out) == count, "shape ", shape, " does not fit a tensor of shape ", from, ", which has ", count,
        " elements");
  return out;
}

/// Strides that show x under another shape; none where that takes a copy.
static std::optional<Strides> view_strides(const Tensor& x, const Shape& shape) {
  if (x.numel() == 0 || x.is_contiguous()) return contiguous_strides(shape);
  Strides strides = Dims::filled(shape.size(), 0);
  int to = shape.size() - 1;
  std::int64_t block = 1, base = x.strides().empty() ? 1 : x.strides().back();
  for (int from = x.dim() - 1; from >= 0; --from) {  // blocks of dimensions that lie evenly, from the last
    block *= x.shape()[from];
    const bool ends_block = from == 0 || (x.shape()[from - 1] != 1 && x.strides()[from - 1] != block * base);
    if (!ends_block) continue;
    std::int64_t filled = 1;
    while (to >= 0 && (filled < block || shape[to] == 1)) {
      strides[to] = filled * base;
      filled *= shape[to--];
    }
    if (filled != block) return {};
    block = 1;
    if (from > 0) base = x.strides()[from - 1];
  }
  return to == -1 ? std::optional(strides) : std::nullopt;
}

static Tensor recorded_view(const Tensor& x, const Shape& shape, const Strides& strides) {
  return record(x.alias(shape, strides, x.storage_offset()),
                wrt(x, [shape = x.shape()](const Tensor& dy) { return reshape(dy, shape); }));
}

Tensor view(const Tensor& x, const Shape& shape, Site site) {
  const OpScope op("view", site);
  const Shape out = resolved(shape, x.numel(), x.shape());
  const auto strides = view_strides(x, out);
  check(strides.has_value(), "a tensor of shape ", x.shape(), " and strides ", x.strides(), " cannot be seen as ", out,
        " without a copy; use reshape()");
  return recorded_view(x, out, *strides);
}

Tensor reshape(const Tensor& x, const Shape& shape, Site site) {
  const OpScope op("reshape", site);
  const Shape out = resolved(shape, x.numel(), x.shape());
  if (const auto strides = view_strides(x, out)) return recorded_view(x, out, *strides);
  return view(contiguous(x), out);
}

Tensor flatten(const Tensor& x, std::int64_t start_dim, std::int64_t end_dim, Site site) {
  const OpScope op("flatten", site);
  const int first = wrap_dim(start_dim, x.dim()), last = wrap_dim(end_dim, x.dim());
  check(first <= last, "start_dim must not come after end_dim, got ", start_dim, " and ", end_dim);
  if (x.dim() == 0) return reshape(x, {1});
  Shape shape;
  std::int64_t merged = 1;
  for (int i = 0; i < x.dim(); ++i) {
    const bool inside = i >= first && i <= last;
    if (inside) merged = checked_product(merged, x.shape()[i]);
    if (i == last || !inside) shape.push_back(inside ? merged : x.shape()[i]);
  }
  return reshape(x, shape);
}

Tensor permute(const Tensor& x, const Dims& dims, Site site) {
  const OpScope op("permute", site);
  check(dims.size() == x.dim(), "one entry a dimension is needed: got ", dims, " for a tensor of shape ", x.shape());
  Shape shape = x.shape(), inverse = Dims::filled(x.dim(), -1);
  Strides strides = x.strides();
  for (int i = 0; i < x.dim(); ++i) {
    const int from = wrap_dim(dims[i], x.dim());
    check(inverse[from] == -1, "dimension ", from, " appears twice in ", dims);
    inverse[from] = i;
    shape[i] = x.shape()[from];
    strides[i] = x.strides()[from];
  }
  return record(x.alias(shape, strides, x.storage_offset()),
                wrt(x, [inverse](const Tensor& dy) { return permute(dy, inverse); }));
}

Tensor transpose(const Tensor& x, std::int64_t dim0, std::int64_t dim1, Site site) {
  const OpScope op("transpose", site);
  const int i = wrap_dim(dim0, x.dim()), j = wrap_dim(dim1, x.dim());
  Shape shape = x.shape();
  Strides strides = x.strides();
  if (x.dim() > 0) {
    std::swap(shape[i], shape[j]);
    std::swap(strides[i], strides[j]);
  }
  return record(x.alias(shape, strides, x.storage_offset()),
                wrt(x, [i, j](const Tensor& dy) { return transpose(dy, i, j); }));
}

Tensor expand(const Tensor& x, const Shape& shape, Site site) {
  const OpScope op("expand", site);
  const int added = shape.size() - x.dim();
  check(added >= 0, "shape ", shape, " has fewer dimensions than the tensor, of shape ", x.shape());
  Shape out = shape;
  Strides strides = Dims::filled(shape.size(), 0);
  for (int i = 0; i < shape.size(); ++i) {
    const std::int64_t size = i >= added ? x.shape()[i - added] : 1;
    const bool keeps = i >= added && (shape[i] == -1 || shape[i] == size);
    check(keeps || (shape[i] >= 0 && size == 1), "a tensor of shape ", x.shape(), " does not expand to ", shape,
          ": only a size of 1 does, and -1 keeps an existing one");
    if (keeps) {
      out[i] = size;
      strides[i] = x.strides()[i - added];
    }
  }
  return record(x.alias(out, strides, x.storage_offset()),
                wrt(x, [shape = x.shape()](const Tensor& dy) { return sum_to(dy, shape); }));
}

Tensor squeeze(const Tensor& x, const Dims& dims, Site site) {
  const OpScope op("squeeze", site);
  Shape shape = x.shape();
  Strides strides = x.strides();
  for (int i = x.dim() - 1; i >= 0; --i) {
    const bool named = std::ranges::any_of(dims, [&](std::int64_t d) { return wrap_dim(d, x.dim()) == i; });
    if (!named || shape[i] != 1) continue;
    shape.erase(i);
    strides.erase(i);
  }
  return recorded_view(x, shape, strides);
}

Tensor unsqueeze(const Tensor& x, std::int64_t dim, Site site) {
  const OpScope op("unsqueeze", site);
  const int at = wrap_dim(dim, x.dim() + 1);
  Shape shape = x.shape();
  Strides strides = x.strides();
  strides.insert(at, at < x.dim() ? shape[at] * strides[at] : 1);
  shape.insert(at, 1);
  return recorded_view(x, shape, strides);
}

}  // namespace ebb
