#include "ebb/kernels/half/in_float32.h"

#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/cpu/caches.h"

namespace ebb::kernels::half {

Tensor without_repeats(const Tensor& x) {
  Shape shape = x.shape();
  for (int i = 0; i < x.dim(); ++i) {
    if (x.strides()[i] == 0) shape[i] = std::min<std::int64_t>(shape[i], 1);
  }
  return shape == x.shape() ? x : x.alias(shape, x.strides(), x.storage_offset());
}

Tensor repeated(const Tensor& once, const Tensor& x) {
  if (once.shape() == x.shape()) return once;
  Strides strides = once.strides();
  for (int i = 0; i < x.dim(); ++i) {
    if (x.strides()[i] == 0) strides[i] = 0;
  }
  return once.alias(x.shape(), strides, once.storage_offset());
}

Slicing slicing(std::initializer_list<const Tensor*> tensors) {
  const std::int64_t bytes_in_caches = caches().l2 * num_threads();
  std::int64_t bytes = 0, count = 0;
  for (const Tensor* t : tensors) {
    if (!t->defined()) continue;
    count = t->size(0);
    bytes += t->numel() * std::int64_t{sizeof(float)};
  }
  const std::int64_t bytes_of_one = bytes / std::max<std::int64_t>(count, 1);
  return {count, std::max<std::int64_t>(bytes_in_caches / std::max<std::int64_t>(bytes_of_one, 1), 1)};
}

Tensor slices(const Tensor& x, std::int64_t first, std::int64_t count) {
  if (!x.defined()) return x;
  Shape shape = x.shape();
  shape[0] = count;
  return x.alias(shape, x.strides(), x.storage_offset() + first * x.strides()[0]);
}

}  // namespace ebb::kernels::half
