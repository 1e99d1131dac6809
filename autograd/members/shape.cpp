// Members: ops/shape and ops/create.
#include "ebb/autograd/ops/shape/shape.h"

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/shape/as_strided.h"
#include "ebb/autograd/ops/shape/convert.h"
#include "ebb/autograd/ops/shape/diagonal.h"
#include "ebb/autograd/ops/shape/rearrange.h"
#include "ebb/autograd/ops/shape/slice.h"
#include "ebb/autograd/ops/shape/split.h"

namespace ebb {

Tensor TensorOps::clone(Site site) const { return ebb::clone(self(), site); }
Tensor TensorOps::contiguous(MemoryFormat format, Site site) const { return ebb::contiguous(self(), format, site); }
Tensor TensorOps::to(DType dtype, Site site) const { return ebb::to(self(), dtype, site); }
Tensor TensorOps::to(Device device, Site site) const { return ebb::to(self(), device, site); }
Tensor TensorOps::to(Device device, bool non_blocking, Site site) const {
  return ebb::to(self(), device, non_blocking, site);
}
Tensor TensorOps::pin_memory(Site site) const { return ebb::pin_memory(self(), site); }

Tensor TensorOps::reshape(const Shape& shape, Site site) const { return ebb::reshape(self(), shape, site); }
Tensor TensorOps::view(const Shape& shape, Site site) const { return ebb::view(self(), shape, site); }
Tensor TensorOps::flatten(std::int64_t start_dim, std::int64_t end_dim, Site site) const {
  return ebb::flatten(self(), start_dim, end_dim, site);
}
Tensor TensorOps::transpose(std::int64_t dim0, std::int64_t dim1, Site site) const {
  return ebb::transpose(self(), dim0, dim1, site);
}
Tensor TensorOps::swapaxes(std::int64_t axis0, std::int64_t axis1, Site site) const {
  return ebb::swapaxes(self(), axis0, axis1, site);
}
Tensor TensorOps::permute(const Dims& dims, Site site) const { return ebb::permute(self(), dims, site); }
Tensor TensorOps::movedim(const Dims& source, const Dims& destination, Site site) const {
  return ebb::movedim(self(), source, destination, site);
}
Tensor TensorOps::expand(const Shape& shape, Site site) const { return ebb::expand(self(), shape, site); }
Tensor TensorOps::expand_as(const Tensor& other, Site site) const { return ebb::expand_as(self(), other, site); }
Tensor TensorOps::unsqueeze(std::int64_t dim, Site site) const { return ebb::unsqueeze(self(), dim, site); }
Tensor TensorOps::narrow(std::int64_t dim, std::int64_t start, std::int64_t length, Site site) const {
  return ebb::narrow(self(), dim, start, length, site);
}
Tensor TensorOps::select(std::int64_t dim, std::int64_t index, Site site) const {
  return ebb::select(self(), dim, index, site);
}
Tensor TensorOps::slice(std::int64_t dim, std::optional<std::int64_t> start, std::optional<std::int64_t> end,
                        std::int64_t step, Site site) const {
  return ebb::slice(self(), dim, start, end, step, site);
}
Tensor TensorOps::unfold(std::int64_t dim, std::int64_t size, std::int64_t step, Site site) const {
  return ebb::unfold(self(), dim, size, step, site);
}
Tensor TensorOps::diagonal(std::int64_t offset, std::int64_t dim1, std::int64_t dim2, Site site) const {
  return ebb::diagonal(self(), offset, dim1, dim2, site);
}
Tensor TensorOps::as_strided(const Shape& shape, const Strides& strides, std::int64_t offset, Site site) const {
  return ebb::as_strided(self(), shape, strides, offset, site);
}
std::vector<Tensor> TensorOps::split(std::int64_t split_size, std::int64_t dim, Site site) const {
  return ebb::split(self(), split_size, dim, site);
}
std::vector<Tensor> TensorOps::split_with_sizes(const std::vector<std::int64_t>& sizes, std::int64_t dim,
                                                Site site) const {
  return ebb::split_with_sizes(self(), sizes, dim, site);
}
std::vector<Tensor> TensorOps::chunk(std::int64_t chunks, std::int64_t dim, Site site) const {
  return ebb::chunk(self(), chunks, dim, site);
}
std::vector<Tensor> TensorOps::unbind(std::int64_t dim, Site site) const { return ebb::unbind(self(), dim, site); }

Tensor TensorOps::diag(std::int64_t offset, Site site) const { return ebb::diag(self(), offset, site); }
Tensor TensorOps::flip(const Dims& dims, Site site) const { return ebb::flip(self(), dims, site); }
Tensor TensorOps::roll(const Dims& shifts, const Dims& dims, Site site) const {
  return ebb::roll(self(), shifts, dims, site);
}
Tensor TensorOps::tril(std::int64_t diagonal, Site site) const { return ebb::tril(self(), diagonal, site); }
Tensor TensorOps::triu(std::int64_t diagonal, Site site) const { return ebb::triu(self(), diagonal, site); }
Tensor TensorOps::repeat(const Dims& repeats, Site site) const { return ebb::repeat(self(), repeats, site); }
Tensor TensorOps::tile(const Dims& repeats, Site site) const { return ebb::tile(self(), repeats, site); }
Tensor TensorOps::repeat_interleave(std::int64_t repeats, std::optional<std::int64_t> dim, Site site) const {
  return ebb::repeat_interleave(self(), repeats, dim, site);
}
Tensor TensorOps::repeat_interleave(const Tensor& repeats, std::optional<std::int64_t> dim, Site site) const {
  return ebb::repeat_interleave(self(), repeats, dim, site);
}

Tensor TensorOps::t(Site site) const {
  const OpScope op("t", site);
  const Tensor& x = self();
  check(x.dim() <= 2, "needs a tensor of at most 2 dimensions, got shape ", x.shape(), "; use transpose()");
  return x.dim() < 2 ? x : ebb::transpose(x, 0, 1);
}
Tensor TensorOps::squeeze(Site site) const {
  Dims all;
  for (int i = 0; i < self().dim(); ++i) all.push_back(i);
  return ebb::squeeze(self(), all, site);
}
Tensor TensorOps::squeeze(std::int64_t dim, Site site) const { return ebb::squeeze(self(), {dim}, site); }
Tensor TensorOps::squeeze(const Dims& dims, Site site) const { return ebb::squeeze(self(), dims, site); }

static TensorOptions options_of(const Tensor& x) { return {.dtype = x.dtype(), .device = x.device()}; }

Tensor TensorOps::new_empty(const Shape& shape, Site site) const {
  const OpScope op("new_empty", site);
  return empty(shape, options_of(self()));
}
Tensor TensorOps::new_zeros(const Shape& shape, Site site) const { return zeros(shape, options_of(self()), site); }
Tensor TensorOps::new_ones(const Shape& shape, Site site) const { return ones(shape, options_of(self()), site); }
Tensor TensorOps::new_full(const Shape& shape, Scalar value, Site site) const {
  return full(shape, value, options_of(self()), site);
}

}  // namespace ebb
