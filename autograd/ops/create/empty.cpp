// Tensors whose elements nobody has set, declared in core/tensor.h: here since they may be leaves.
#include <utility>

#include "ebb/core/tensor.h"

namespace ebb {

static Tensor with_options(Ref<Storage> storage, const Shape& shape, const Strides& strides,
                           const TensorOptions& options) {
  Tensor x(make_ref<TensorBody>(std::move(storage), options.dtype, shape, strides, 0));
  if (options.requires_grad) x.requires_grad_();
  return x;
}

Tensor empty(const Shape& shape, const TensorOptions& options, MemoryFormat format) {
  Tensor x = allocate(shape, options.dtype, options.device, format);
  if (options.requires_grad) x.requires_grad_();
  return x;
}

Tensor empty_strided(const Shape& shape, const Strides& strides, const TensorOptions& options) {
  check(shape.size() == strides.size(), "empty_strided: shape ", shape, " and strides ", strides, " differ in length");
  const bool is_empty = numel(shape) == 0;
  std::int64_t last = 0;
  for (int i = 0; i < shape.size(); ++i) {
    check(strides[i] >= 0, "empty_strided: strides must not be negative, got ", strides);
    if (!is_empty) last = checked_sum(last, checked_product(shape[i] - 1, strides[i]));
  }
  const std::size_t bytes = bytes_of(is_empty ? 0 : checked_sum(last, 1), options.dtype);
  return with_options(make_ref<Storage>(bytes, options.device), shape, strides, options);
}

Tensor from_blob(void* data, const Shape& shape, const TensorOptions& options, std::function<void()> release) {
  const std::size_t bytes = bytes_of(numel(shape), options.dtype);
  check(data != nullptr || bytes == 0, "from_blob: the pointer is null");
  auto storage = make_ref<Storage>(data, bytes, options.device, std::move(release));
  return with_options(std::move(storage), shape, contiguous_strides(shape), options);
}

}  // namespace ebb
