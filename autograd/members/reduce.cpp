// Members: ops/reduce, ops/linalg and ops/index.
#include "ebb/autograd/ops/reduce/reduce.h"

#include "ebb/autograd/ops/index/gather.h"
#include "ebb/autograd/ops/index/masked.h"
#include "ebb/autograd/ops/index/sort.h"
#include "ebb/autograd/ops/linalg/linalg.h"
#include "ebb/autograd/ops/linalg/vector_norm.h"
#include "ebb/autograd/ops/reduce/moments.h"
#include "ebb/autograd/ops/reduce/prod.h"
#include "ebb/autograd/ops/reduce/scan.h"

namespace ebb {

Tensor TensorOps::sum(const Dims& dims, bool keepdim, Site site) const { return ebb::sum(self(), dims, keepdim, site); }
Tensor TensorOps::mean(const Dims& dims, bool keepdim, Site site) const {
  return ebb::mean(self(), dims, keepdim, site);
}
Tensor TensorOps::var(const Dims& dims, double correction, bool keepdim, Site site) const {
  return ebb::var(self(), dims, correction, keepdim, site);
}
Tensor TensorOps::std(const Dims& dims, double correction, bool keepdim, Site site) const {
  return ebb::std(self(), dims, correction, keepdim, site);
}
Tensor TensorOps::prod(std::optional<std::int64_t> dim, bool keepdim, Site site) const {
  return ebb::prod(self(), dim, keepdim, site);
}
Tensor TensorOps::count_nonzero(const Dims& dims, bool keepdim, Site site) const {
  return ebb::count_nonzero(self(), dims, keepdim, site);
}
Tensor TensorOps::any(const Dims& dims, bool keepdim, Site site) const { return ebb::any(self(), dims, keepdim, site); }
Tensor TensorOps::all(const Dims& dims, bool keepdim, Site site) const { return ebb::all(self(), dims, keepdim, site); }
Tensor TensorOps::amax(const Dims& dims, bool keepdim, Site site) const {
  return ebb::amax(self(), dims, keepdim, site);
}
Tensor TensorOps::amin(const Dims& dims, bool keepdim, Site site) const {
  return ebb::amin(self(), dims, keepdim, site);
}
ValuesAndIndices TensorOps::max(std::int64_t dim, bool keepdim, Site site) const {
  return ebb::max(self(), dim, keepdim, site);
}
Tensor TensorOps::max(Site site) const { return ebb::max(self(), site); }
ValuesAndIndices TensorOps::min(std::int64_t dim, bool keepdim, Site site) const {
  return ebb::min(self(), dim, keepdim, site);
}
Tensor TensorOps::min(Site site) const { return ebb::min(self(), site); }
Tensor TensorOps::argmax(std::optional<std::int64_t> dim, bool keepdim, Site site) const {
  return ebb::argmax(self(), dim, keepdim, site);
}
Tensor TensorOps::argmin(std::optional<std::int64_t> dim, bool keepdim, Site site) const {
  return ebb::argmin(self(), dim, keepdim, site);
}
Tensor TensorOps::cumsum(std::int64_t dim, Site site) const { return ebb::cumsum(self(), dim, site); }

Tensor TensorOps::matmul(const Tensor& other, Site site) const { return ebb::matmul(self(), other, site); }
Tensor TensorOps::mm(const Tensor& other, Site site) const { return ebb::mm(self(), other, site); }
Tensor TensorOps::bmm(const Tensor& other, Site site) const { return ebb::bmm(self(), other, site); }
Tensor TensorOps::mv(const Tensor& other, Site site) const { return ebb::mv(self(), other, site); }
Tensor TensorOps::dot(const Tensor& other, Site site) const { return ebb::dot(self(), other, site); }
Tensor TensorOps::outer(const Tensor& other, Site site) const { return ebb::outer(self(), other, site); }
Tensor TensorOps::inner(const Tensor& other, Site site) const { return ebb::inner(self(), other, site); }
Tensor TensorOps::addmm(const Tensor& a, const Tensor& b, Scalar beta, Scalar alpha, Site site) const {
  return ebb::addmm(self(), a, b, beta, alpha, site);
}
Tensor TensorOps::addmv(const Tensor& a, const Tensor& b, Scalar beta, Scalar alpha, Site site) const {
  return ebb::addmv(self(), a, b, beta, alpha, site);
}
Tensor TensorOps::baddbmm(const Tensor& a, const Tensor& b, Scalar beta, Scalar alpha, Site site) const {
  return ebb::baddbmm(self(), a, b, beta, alpha, site);
}
Tensor TensorOps::addbmm(const Tensor& a, const Tensor& b, Scalar beta, Scalar alpha, Site site) const {
  return ebb::addbmm(self(), a, b, beta, alpha, site);
}
Tensor TensorOps::norm(double p, const Dims& dims, bool keepdim, Site site) const {
  return ebb::norm(self(), p, dims, keepdim, site);
}

Tensor TensorOps::gather(std::int64_t dim, const Tensor& index, Site site) const {
  return ebb::gather(self(), dim, index, site);
}
Tensor TensorOps::take_along_dim(const Tensor& index, std::optional<std::int64_t> dim, Site site) const {
  return ebb::take_along_dim(self(), index, dim, site);
}
Tensor TensorOps::scatter(std::int64_t dim, const Tensor& index, const Tensor& src, Site site) const {
  return ebb::scatter(self(), dim, index, src, site);
}
Tensor TensorOps::scatter(std::int64_t dim, const Tensor& index, Scalar value, Site site) const {
  return ebb::scatter(self(), dim, index, value, site);
}
Tensor TensorOps::scatter_add(std::int64_t dim, const Tensor& index, const Tensor& src, Site site) const {
  return ebb::scatter_add(self(), dim, index, src, site);
}
Tensor TensorOps::index_select(std::int64_t dim, const Tensor& index, Site site) const {
  return ebb::index_select(self(), dim, index, site);
}
Tensor TensorOps::index_add(std::int64_t dim, const Tensor& index, const Tensor& src, Scalar alpha, Site site) const {
  return ebb::index_add(self(), dim, index, src, alpha, site);
}
Tensor TensorOps::masked_fill(const Tensor& mask, Scalar value, Site site) const {
  return ebb::masked_fill(self(), mask, value, site);
}
Tensor TensorOps::masked_fill(const Tensor& mask, const Tensor& value, Site site) const {
  return ebb::masked_fill(self(), mask, value, site);
}
Tensor TensorOps::masked_select(const Tensor& mask, Site site) const { return ebb::masked_select(self(), mask, site); }
ValuesAndIndices TensorOps::sort(std::int64_t dim, bool descending, Site site) const {
  return ebb::sort(self(), dim, descending, site);
}
Tensor TensorOps::argsort(std::int64_t dim, bool descending, Site site) const {
  return ebb::argsort(self(), dim, descending, site);
}
ValuesAndIndices TensorOps::topk(std::int64_t k, std::int64_t dim, bool largest, Site site) const {
  return ebb::topk(self(), k, dim, largest, site);
}

}  // namespace ebb
