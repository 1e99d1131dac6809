#include "ebb/kernels/half/in_float32.h"

#include <algorithm>

#include "ebb/kernels/cpu/caches.h"

namespace ebb::kernels::half {

[[gnu::cold]] Tensor without_repeats(const Tensor& x) {
  Shape shape = x.shape();
  for (int i = 0; i < x.dim(); ++i) {
    if (x.strides()[i] == 0) shape[i] = std::min<std::int64_t>(shape[i], 1);
  }
  return shape == x.shape() ? x : x.alias(shape, x.strides(), x.storage_offset());
}

[[gnu::cold]] Tensor repeated(const Tensor& once, const Tensor& x) {
  if (once.shape() == x.shape()) return once;
  Strides strides = once.strides();
  for (int i = 0; i < x.dim(); ++i) {
    if (x.strides()[i] == 0) strides[i] = 0;
  }
  return once.alias(x.shape(), strides, once.storage_offset());
}

[[gnu::cold]] Tensor slices(const Tensor& x, std::int64_t first, std::int64_t count) {
  if (!x.defined()) return x;
  Shape shape = x.shape();
  shape[0] = count;
  return x.alias(shape, x.strides(), x.storage_offset() + first * x.strides()[0]);
}

template void run(CpuContext&, std::span<const Operand>, Body, void*);

[[gnu::cold]] void run_by_slices(CpuContext& context, std::span<const Operand> operands, Body body, void* kernel) {
  std::int64_t bytes = 0, count = 0;
  for (const Operand& operand : operands) {
    if (!operand.tensor->defined()) continue;
    count = operand.tensor->size(0);
    bytes += operand.tensor->numel() * std::int64_t{sizeof(float)};
  }
  const std::int64_t bytes_in_caches = 4 * caches().l2;  // for any number of threads: parts decide what computes them
  const std::int64_t bytes_of_one = std::max<std::int64_t>(bytes / std::max<std::int64_t>(count, 1), 1);
  const std::int64_t together = std::max<std::int64_t>(bytes_in_caches / bytes_of_one, 1);
  if (together >= count || bytes == 0) return run(context, operands, body, kernel);
  std::vector<Tensor> tensors(operands.size());
  std::vector<Operand> parts(operands.begin(), operands.end());
  for (std::int64_t first = 0; first < count; first += together) {
    for (std::size_t i = 0; i < parts.size(); ++i) {
      tensors[i] = slices(*operands[i].tensor, first, std::min(together, count - first));
      parts[i].tensor = &tensors[i];
    }
    run(context, std::span<const Operand>(parts), body, kernel);
  }
}

}  // namespace ebb::kernels::half
