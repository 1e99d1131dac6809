// The member spellings of the common ops; what each does stands with its free function.
#include "ebb/autograd/ops/activation/rectifier.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/elementwise/unary.h"
#include "ebb/autograd/ops/linalg/linalg.h"
#include "ebb/autograd/ops/reduce/reduce.h"
#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/core/dispatch.h"

namespace ebb {

Scalar Tensor::item_scalar() const {
  check(numel() == 1, "item: needs a tensor of one element, got shape ", shape());
  Tensor x = detach().to(kCPU);
  if (is_storage_only(dtype())) x = x.to(is_floating(dtype()) ? kFloat32 : kInt64);
  return visit_any(x.dtype(), [&]<class T>() {
    if constexpr (std::is_arithmetic_v<T>) {
      return Scalar(*x.data<T>());
    } else {
      return Scalar(static_cast<float>(*x.data<T>()));
    }
  });
}

Tensor Tensor::to(DType dtype, Site site) const { return ebb::to(*this, dtype, site); }
Tensor Tensor::to(Device device, Site site) const { return ebb::to(*this, device, site); }
Tensor Tensor::clone(Site site) const { return ebb::clone(*this, site); }
Tensor Tensor::contiguous(MemoryFormat format, Site site) const { return ebb::contiguous(*this, format, site); }

Tensor Tensor::reshape(const Shape& shape, Site site) const { return ebb::reshape(*this, shape, site); }
Tensor Tensor::view(const Shape& shape, Site site) const { return ebb::view(*this, shape, site); }
Tensor Tensor::flatten(std::int64_t start_dim, std::int64_t end_dim, Site site) const {
  return ebb::flatten(*this, start_dim, end_dim, site);
}
Tensor Tensor::transpose(std::int64_t dim0, std::int64_t dim1, Site site) const {
  return ebb::transpose(*this, dim0, dim1, site);
}
Tensor Tensor::t(Site site) const {
  const OpScope op("t", site);
  check(dim() <= 2, "needs a tensor of at most 2 dimensions, got shape ", shape(), "; use transpose()");
  return dim() < 2 ? *this : ebb::transpose(*this, 0, 1);
}
Tensor Tensor::permute(const Dims& dims, Site site) const { return ebb::permute(*this, dims, site); }
Tensor Tensor::expand(const Shape& shape, Site site) const { return ebb::expand(*this, shape, site); }
Tensor Tensor::squeeze(Site site) const {
  Dims all;
  for (int i = 0; i < dim(); ++i) all.push_back(i);
  return ebb::squeeze(*this, all, site);
}
Tensor Tensor::squeeze(std::int64_t dim, Site site) const { return ebb::squeeze(*this, {dim}, site); }
Tensor Tensor::unsqueeze(std::int64_t dim, Site site) const { return ebb::unsqueeze(*this, dim, site); }
Tensor Tensor::narrow(std::int64_t dim, std::int64_t start, std::int64_t length, Site site) const {
  return ebb::narrow(*this, dim, start, length, site);
}
Tensor Tensor::select(std::int64_t dim, std::int64_t index, Site site) const {
  return ebb::select(*this, dim, index, site);
}
Tensor Tensor::slice(std::int64_t dim, std::optional<std::int64_t> start, std::optional<std::int64_t> end,
                     std::int64_t step, Site site) const {
  return ebb::slice(*this, dim, start, end, step, site);
}
Tensor Tensor::operator[](std::int64_t index) const { return ebb::select(*this, 0, index, Site{}); }

Tensor Tensor::sum(const Dims& dims, bool keepdim, Site site) const { return ebb::sum(*this, dims, keepdim, site); }
Tensor Tensor::mean(const Dims& dims, bool keepdim, Site site) const { return ebb::mean(*this, dims, keepdim, site); }
Tensor Tensor::argmax(std::optional<std::int64_t> dim, bool keepdim, Site site) const {
  return ebb::argmax(*this, dim, keepdim, site);
}
Tensor Tensor::abs(Site site) const { return ebb::abs(*this, site); }
Tensor Tensor::exp(Site site) const { return ebb::exp(*this, site); }
Tensor Tensor::log(Site site) const { return ebb::log(*this, site); }
Tensor Tensor::sqrt(Site site) const { return ebb::sqrt(*this, site); }
Tensor Tensor::sign(Site site) const { return ebb::sign(*this, site); }
Tensor Tensor::pow(Scalar exponent, Site site) const { return ebb::pow(*this, exponent, site); }
Tensor Tensor::relu(Site site) const { return ebb::relu(*this, site); }
Tensor Tensor::matmul(const Tensor& other, Site site) const { return ebb::matmul(*this, other, site); }

}  // namespace ebb
