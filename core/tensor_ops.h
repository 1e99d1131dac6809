#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ebb/core/device.h"
#include "ebb/core/dtype/dtype.h"
#include "ebb/core/dtype/scalar.h"
#include "ebb/core/shape.h"
#include "ebb/core/site.h"

namespace ebb {

class Generator;
class Tensor;
struct ValuesAndIndices;  // autograd/ops/reduce/reduce.h

Generator& default_generator();

/// The ops among Tensor's members: those that torch.Tensor has as methods. What each does stands with the free function
/// of its name in ebb/autograd/ops. A name that ends in _ works in place and returns the tensor. Defined in
/// autograd/members.
class TensorOps {
 public:
  // ops/shape: copies to another place, memory format, dtype or device
  Tensor clone(Site site = Site::current()) const;
  Tensor contiguous(MemoryFormat format = MemoryFormat::contiguous, Site site = Site::current()) const;
  Tensor to(DType dtype, Site site = Site::current()) const;
  Tensor to(Device device, Site site = Site::current()) const;
  Tensor to(Device device, bool non_blocking, Site site = Site::current()) const;
  Tensor pin_memory(Site site = Site::current()) const;

  // ops/shape: views
  Tensor reshape(const Shape& shape, Site site = Site::current()) const;
  Tensor view(const Shape& shape, Site site = Site::current()) const;
  Tensor flatten(std::int64_t start_dim = 0, std::int64_t end_dim = -1, Site site = Site::current()) const;
  Tensor transpose(std::int64_t dim0, std::int64_t dim1, Site site = Site::current()) const;
  Tensor swapaxes(std::int64_t axis0, std::int64_t axis1, Site site = Site::current()) const;
  Tensor t(Site site = Site::current()) const;
  Tensor permute(const Dims& dims, Site site = Site::current()) const;
  Tensor movedim(const Dims& source, const Dims& destination, Site site = Site::current()) const;
  Tensor expand(const Shape& shape, Site site = Site::current()) const;
  Tensor expand_as(const Tensor& other, Site site = Site::current()) const;
  Tensor squeeze(Site site = Site::current()) const;
  Tensor squeeze(std::int64_t dim, Site site = Site::current()) const;
  Tensor squeeze(const Dims& dims, Site site = Site::current()) const;
  Tensor unsqueeze(std::int64_t dim, Site site = Site::current()) const;
  Tensor narrow(std::int64_t dim, std::int64_t start, std::int64_t length, Site site = Site::current()) const;
  Tensor select(std::int64_t dim, std::int64_t index, Site site = Site::current()) const;
  Tensor slice(std::int64_t dim, std::optional<std::int64_t> start, std::optional<std::int64_t> end,
               std::int64_t step = 1, Site site = Site::current()) const;
  Tensor unfold(std::int64_t dim, std::int64_t size, std::int64_t step, Site site = Site::current()) const;
  Tensor diagonal(std::int64_t offset = 0, std::int64_t dim1 = 0, std::int64_t dim2 = 1,
                  Site site = Site::current()) const;
  Tensor as_strided(const Shape& shape, const Strides& strides, std::int64_t offset, Site site = Site::current()) const;
  std::vector<Tensor> split(std::int64_t split_size, std::int64_t dim = 0, Site site = Site::current()) const;
  std::vector<Tensor> split_with_sizes(const std::vector<std::int64_t>& sizes, std::int64_t dim = 0,
                                       Site site = Site::current()) const;
  std::vector<Tensor> chunk(std::int64_t chunks, std::int64_t dim = 0, Site site = Site::current()) const;
  std::vector<Tensor> unbind(std::int64_t dim = 0, Site site = Site::current()) const;

  // ops/shape: the elements rearranged
  Tensor diag(std::int64_t offset = 0, Site site = Site::current()) const;
  Tensor flip(const Dims& dims, Site site = Site::current()) const;
  Tensor roll(const Dims& shifts, const Dims& dims = {}, Site site = Site::current()) const;
  Tensor tril(std::int64_t diagonal = 0, Site site = Site::current()) const;
  Tensor triu(std::int64_t diagonal = 0, Site site = Site::current()) const;
  Tensor repeat(const Dims& repeats, Site site = Site::current()) const;
  Tensor tile(const Dims& repeats, Site site = Site::current()) const;
  Tensor repeat_interleave(std::int64_t repeats, std::optional<std::int64_t> dim = {},
                           Site site = Site::current()) const;
  Tensor repeat_interleave(const Tensor& repeats, std::optional<std::int64_t> dim = {},
                           Site site = Site::current()) const;

  // ops/create: of the dtype and on the device of this tensor
  Tensor new_empty(const Shape& shape, Site site = Site::current()) const;
  Tensor new_zeros(const Shape& shape, Site site = Site::current()) const;
  Tensor new_ones(const Shape& shape, Site site = Site::current()) const;
  Tensor new_full(const Shape& shape, Scalar value, Site site = Site::current()) const;

  // ops/elementwise: arithmetic
  Tensor add(const Tensor& other, Scalar alpha = 1, Site site = Site::current()) const;
  Tensor add(Scalar other, Scalar alpha = 1, Site site = Site::current()) const;
  Tensor sub(const Tensor& other, Scalar alpha = 1, Site site = Site::current()) const;
  Tensor sub(Scalar other, Scalar alpha = 1, Site site = Site::current()) const;
  Tensor mul(const Tensor& other, Site site = Site::current()) const;
  Tensor mul(Scalar other, Site site = Site::current()) const;
  Tensor div(const Tensor& other, Site site = Site::current()) const;
  Tensor div(Scalar other, Site site = Site::current()) const;
  Tensor pow(const Tensor& exponent, Site site = Site::current()) const;
  Tensor pow(Scalar exponent, Site site = Site::current()) const;
  Tensor maximum(const Tensor& other, Site site = Site::current()) const;
  Tensor minimum(const Tensor& other, Site site = Site::current()) const;
  Tensor fmod(const Tensor& other, Site site = Site::current()) const;
  Tensor fmod(Scalar other, Site site = Site::current()) const;
  Tensor remainder(const Tensor& other, Site site = Site::current()) const;
  Tensor remainder(Scalar other, Site site = Site::current()) const;

  // ops/elementwise: comparisons
  Tensor eq(const Tensor& other, Site site = Site::current()) const;
  Tensor eq(Scalar other, Site site = Site::current()) const;
  Tensor ne(const Tensor& other, Site site = Site::current()) const;
  Tensor ne(Scalar other, Site site = Site::current()) const;
  Tensor lt(const Tensor& other, Site site = Site::current()) const;
  Tensor lt(Scalar other, Site site = Site::current()) const;
  Tensor le(const Tensor& other, Site site = Site::current()) const;
  Tensor le(Scalar other, Site site = Site::current()) const;
  Tensor gt(const Tensor& other, Site site = Site::current()) const;
  Tensor gt(Scalar other, Site site = Site::current()) const;
  Tensor ge(const Tensor& other, Site site = Site::current()) const;
  Tensor ge(Scalar other, Site site = Site::current()) const;
  Tensor logical_and(const Tensor& other, Site site = Site::current()) const;
  Tensor logical_or(const Tensor& other, Site site = Site::current()) const;
  Tensor logical_xor(const Tensor& other, Site site = Site::current()) const;
  Tensor logical_not(Site site = Site::current()) const;
  Tensor isnan(Site site = Site::current()) const;
  Tensor isinf(Site site = Site::current()) const;
  Tensor isfinite(Site site = Site::current()) const;
  Tensor where(const Tensor& condition, const Tensor& other, Site site = Site::current()) const;
  Tensor where(const Tensor& condition, Scalar other, Site site = Site::current()) const;
  bool equal(const Tensor& other, Site site = Site::current()) const;
  bool allclose(const Tensor& other, double rtol = 1e-5, double atol = 1e-8, bool equal_nan = false,
                Site site = Site::current()) const;

  // ops/elementwise: functions of one element
  Tensor neg(Site site = Site::current()) const;
  Tensor abs(Site site = Site::current()) const;
  Tensor sign(Site site = Site::current()) const;
  Tensor reciprocal(Site site = Site::current()) const;
  Tensor exp(Site site = Site::current()) const;
  Tensor expm1(Site site = Site::current()) const;
  Tensor log(Site site = Site::current()) const;
  Tensor log2(Site site = Site::current()) const;
  Tensor log10(Site site = Site::current()) const;
  Tensor log1p(Site site = Site::current()) const;
  Tensor sqrt(Site site = Site::current()) const;
  Tensor rsqrt(Site site = Site::current()) const;
  Tensor sin(Site site = Site::current()) const;
  Tensor cos(Site site = Site::current()) const;
  Tensor tan(Site site = Site::current()) const;
  Tensor asin(Site site = Site::current()) const;
  Tensor acos(Site site = Site::current()) const;
  Tensor atan(Site site = Site::current()) const;
  Tensor sinh(Site site = Site::current()) const;
  Tensor cosh(Site site = Site::current()) const;
  Tensor erf(Site site = Site::current()) const;
  Tensor square(Site site = Site::current()) const;
  Tensor floor(Site site = Site::current()) const;
  Tensor ceil(Site site = Site::current()) const;
  Tensor round(Site site = Site::current()) const;
  Tensor trunc(Site site = Site::current()) const;
  Tensor clamp(std::optional<Scalar> low, std::optional<Scalar> high, Site site = Site::current()) const;
  Tensor clamp(const Tensor& low, const Tensor& high, Site site = Site::current()) const;

  // ops/activation
  Tensor relu(Site site = Site::current()) const;
  Tensor sigmoid(Site site = Site::current()) const;
  Tensor tanh(Site site = Site::current()) const;
  Tensor prelu(const Tensor& weight, Site site = Site::current()) const;
  Tensor softmax(std::int64_t dim, Site site = Site::current()) const;
  Tensor log_softmax(std::int64_t dim, Site site = Site::current()) const;
  Tensor logsumexp(const Dims& dims = {}, bool keepdim = false, Site site = Site::current()) const;

  // ops/reduce
  Tensor sum(const Dims& dims = {}, bool keepdim = false, Site site = Site::current()) const;
  Tensor mean(const Dims& dims = {}, bool keepdim = false, Site site = Site::current()) const;
  Tensor var(const Dims& dims = {}, double correction = 1, bool keepdim = false, Site site = Site::current()) const;
  Tensor std(const Dims& dims = {}, double correction = 1, bool keepdim = false, Site site = Site::current()) const;
  Tensor prod(std::optional<std::int64_t> dim = {}, bool keepdim = false, Site site = Site::current()) const;
  Tensor count_nonzero(const Dims& dims = {}, bool keepdim = false, Site site = Site::current()) const;
  Tensor any(const Dims& dims = {}, bool keepdim = false, Site site = Site::current()) const;
  Tensor all(const Dims& dims = {}, bool keepdim = false, Site site = Site::current()) const;
  Tensor amax(const Dims& dims = {}, bool keepdim = false, Site site = Site::current()) const;
  Tensor amin(const Dims& dims = {}, bool keepdim = false, Site site = Site::current()) const;
  ValuesAndIndices max(std::int64_t dim, bool keepdim = false, Site site = Site::current()) const;
  Tensor max(Site site = Site::current()) const;
  ValuesAndIndices min(std::int64_t dim, bool keepdim = false, Site site = Site::current()) const;
  Tensor min(Site site = Site::current()) const;
  Tensor argmax(std::optional<std::int64_t> dim = {}, bool keepdim = false, Site site = Site::current()) const;
  Tensor argmin(std::optional<std::int64_t> dim = {}, bool keepdim = false, Site site = Site::current()) const;
  Tensor cumsum(std::int64_t dim, Site site = Site::current()) const;

  // ops/linalg
  Tensor matmul(const Tensor& other, Site site = Site::current()) const;
  Tensor mm(const Tensor& other, Site site = Site::current()) const;
  Tensor bmm(const Tensor& other, Site site = Site::current()) const;
  Tensor mv(const Tensor& other, Site site = Site::current()) const;
  Tensor dot(const Tensor& other, Site site = Site::current()) const;
  Tensor outer(const Tensor& other, Site site = Site::current()) const;
  Tensor inner(const Tensor& other, Site site = Site::current()) const;
  Tensor addmm(const Tensor& a, const Tensor& b, Scalar beta = 1, Scalar alpha = 1, Site site = Site::current()) const;
  Tensor addmv(const Tensor& a, const Tensor& b, Scalar beta = 1, Scalar alpha = 1, Site site = Site::current()) const;
  Tensor baddbmm(const Tensor& a, const Tensor& b, Scalar beta = 1, Scalar alpha = 1,
                 Site site = Site::current()) const;
  Tensor addbmm(const Tensor& a, const Tensor& b, Scalar beta = 1, Scalar alpha = 1, Site site = Site::current()) const;
  Tensor norm(double p = 2, const Dims& dims = {}, bool keepdim = false, Site site = Site::current()) const;

  // ops/index
  Tensor gather(std::int64_t dim, const Tensor& index, Site site = Site::current()) const;
  Tensor take_along_dim(const Tensor& index, std::optional<std::int64_t> dim = {}, Site site = Site::current()) const;
  Tensor scatter(std::int64_t dim, const Tensor& index, const Tensor& src, Site site = Site::current()) const;
  Tensor scatter(std::int64_t dim, const Tensor& index, Scalar value, Site site = Site::current()) const;
  Tensor scatter_add(std::int64_t dim, const Tensor& index, const Tensor& src, Site site = Site::current()) const;
  Tensor index_select(std::int64_t dim, const Tensor& index, Site site = Site::current()) const;
  Tensor index_add(std::int64_t dim, const Tensor& index, const Tensor& src, Scalar alpha = 1,
                   Site site = Site::current()) const;
  Tensor masked_fill(const Tensor& mask, Scalar value, Site site = Site::current()) const;
  Tensor masked_fill(const Tensor& mask, const Tensor& value, Site site = Site::current()) const;
  Tensor masked_select(const Tensor& mask, Site site = Site::current()) const;
  ValuesAndIndices sort(std::int64_t dim = -1, bool descending = false, Site site = Site::current()) const;
  Tensor argsort(std::int64_t dim = -1, bool descending = false, Site site = Site::current()) const;
  ValuesAndIndices topk(std::int64_t k, std::int64_t dim = -1, bool largest = true, Site site = Site::current()) const;

  // In place: arithmetic
  Tensor add_(const Tensor& other, Scalar alpha = 1, Site site = Site::current()) const;
  Tensor add_(Scalar other, Scalar alpha = 1, Site site = Site::current()) const;
  Tensor sub_(const Tensor& other, Scalar alpha = 1, Site site = Site::current()) const;
  Tensor sub_(Scalar other, Scalar alpha = 1, Site site = Site::current()) const;
  Tensor mul_(const Tensor& other, Site site = Site::current()) const;
  Tensor mul_(Scalar other, Site site = Site::current()) const;
  Tensor div_(const Tensor& other, Site site = Site::current()) const;
  Tensor div_(Scalar other, Site site = Site::current()) const;
  Tensor pow_(const Tensor& exponent, Site site = Site::current()) const;
  Tensor pow_(Scalar exponent, Site site = Site::current()) const;
  Tensor fmod_(const Tensor& other, Site site = Site::current()) const;
  Tensor fmod_(Scalar other, Site site = Site::current()) const;
  Tensor remainder_(const Tensor& other, Site site = Site::current()) const;
  Tensor remainder_(Scalar other, Site site = Site::current()) const;

  // In place: other elements
  Tensor copy_(const Tensor& source, Site site = Site::current()) const;
  Tensor fill_(Scalar value, Site site = Site::current()) const;
  Tensor zero_(Site site = Site::current()) const;
  Tensor uniform_(double low = 0, double high = 1, Generator& generator = default_generator(),
                  Site site = Site::current()) const;
  Tensor normal_(double mean = 0, double std = 1, Generator& generator = default_generator(),
                 Site site = Site::current()) const;

  // In place: functions of one element
  Tensor neg_(Site site = Site::current()) const;
  Tensor abs_(Site site = Site::current()) const;
  Tensor sign_(Site site = Site::current()) const;
  Tensor reciprocal_(Site site = Site::current()) const;
  Tensor exp_(Site site = Site::current()) const;
  Tensor expm1_(Site site = Site::current()) const;
  Tensor log_(Site site = Site::current()) const;
  Tensor log2_(Site site = Site::current()) const;
  Tensor log10_(Site site = Site::current()) const;
  Tensor log1p_(Site site = Site::current()) const;
  Tensor sqrt_(Site site = Site::current()) const;
  Tensor rsqrt_(Site site = Site::current()) const;
  Tensor sin_(Site site = Site::current()) const;
  Tensor cos_(Site site = Site::current()) const;
  Tensor tan_(Site site = Site::current()) const;
  Tensor asin_(Site site = Site::current()) const;
  Tensor acos_(Site site = Site::current()) const;
  Tensor atan_(Site site = Site::current()) const;
  Tensor sinh_(Site site = Site::current()) const;
  Tensor cosh_(Site site = Site::current()) const;
  Tensor erf_(Site site = Site::current()) const;
  Tensor square_(Site site = Site::current()) const;
  Tensor floor_(Site site = Site::current()) const;
  Tensor ceil_(Site site = Site::current()) const;
  Tensor round_(Site site = Site::current()) const;
  Tensor trunc_(Site site = Site::current()) const;
  Tensor relu_(Site site = Site::current()) const;
  Tensor sigmoid_(Site site = Site::current()) const;
  Tensor tanh_(Site site = Site::current()) const;
  Tensor clamp_(std::optional<Scalar> low, std::optional<Scalar> high, Site site = Site::current()) const;
  Tensor clamp_(const Tensor& low, const Tensor& high, Site site = Site::current()) const;

  // In place: along dimensions
  Tensor cumsum_(std::int64_t dim, Site site = Site::current()) const;
  Tensor tril_(std::int64_t diagonal = 0, Site site = Site::current()) const;
  Tensor triu_(std::int64_t diagonal = 0, Site site = Site::current()) const;
  Tensor addmm_(const Tensor& a, const Tensor& b, Scalar beta = 1, Scalar alpha = 1, Site site = Site::current()) const;
  Tensor addmv_(const Tensor& a, const Tensor& b, Scalar beta = 1, Scalar alpha = 1, Site site = Site::current()) const;
  Tensor baddbmm_(const Tensor& a, const Tensor& b, Scalar beta = 1, Scalar alpha = 1,
                  Site site = Site::current()) const;
  Tensor addbmm_(const Tensor& a, const Tensor& b, Scalar beta = 1, Scalar alpha = 1,
                 Site site = Site::current()) const;
  Tensor scatter_(std::int64_t dim, const Tensor& index, const Tensor& src, Site site = Site::current()) const;
  Tensor scatter_(std::int64_t dim, const Tensor& index, Scalar value, Site site = Site::current()) const;
  Tensor scatter_add_(std::int64_t dim, const Tensor& index, const Tensor& src, Site site = Site::current()) const;
  Tensor index_add_(std::int64_t dim, const Tensor& index, const Tensor& src, Scalar alpha = 1,
                    Site site = Site::current()) const;
  Tensor masked_fill_(const Tensor& mask, Scalar value, Site site = Site::current()) const;
  Tensor masked_fill_(const Tensor& mask, const Tensor& value, Site site = Site::current()) const;

 protected:
  TensorOps() = default;
  TensorOps(const TensorOps&) = default;
  TensorOps& operator=(const TensorOps&) = default;
  ~TensorOps() = default;

 private:
  const Tensor& self() const;
};

}  // namespace ebb
