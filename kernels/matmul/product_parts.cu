#include "ebb/kernels/matmul/product_parts.h"

#include <algorithm>

#include "ebb/kernels/cuda/launch.cuh"
#include "ebb/kernels/elementwise/elementwise.h"
#include "ebb/kernels/matmul/epilogue.cuh"

namespace ebb::kernels {
namespace {

/// y = the sum of the parts that each have `count` elements, in their order.
__global__ void add_parts(const float* parts, int splits, std::int64_t count, std::int64_t columns,
                          EpilogueOf<float> epilogue, float* y) {
  const std::int64_t i = thread_index();
  if (i >= count) return;
  float sum = parts[i];
#pragma unroll 4
  for (int s = 1; s < splits; ++s) sum += parts[s * count + i];
  y[i] = epilogue(sum, i % columns, i);
}

/// With a stride of 1 of a dimension that has one element, which says nothing.
Tensor with_neighbours(CudaContext& context, const Tensor& x) {
  if (x.stride(1) == 1 || x.stride(2) == 1) return x;
  if (x.size(2) == 1) return x.alias(x.shape(), {x.stride(0), x.stride(1), 1}, x.storage_offset());
  if (x.size(1) == 1) return x.alias(x.shape(), {x.stride(0), 1, x.stride(2)}, x.storage_offset());
  Tensor copied = allocate(x.shape(), x.dtype(), x.device());
  copy(context, x, copied);
  return copied;
}

}  // namespace

Product::Product(CudaContext& context, const Tensor& x, const Tensor& y)
    : left(with_neighbours(context, x)),
      right(with_neighbours(context, y)),
      a(factor<float>(left, 1, 2)),
      b(factor<float>(right, 2, 1)),
      batch(left.size(0)) {}

ProductCut cut_of(const CudaContext& context, const ProductSizes& sizes, int rows, int columns, int blocks,
                  double speed) {
  constexpr std::int64_t least_k = 256;  // parts of less do not pay for another launch
  const std::int64_t processors = context.multiprocessors();
  const std::int64_t tiles = (sizes.m + rows - 1) / rows * ((sizes.n + columns - 1) / columns) * sizes.batch;
  ProductCut cut;
  cut.splits = std::clamp<std::int64_t>(std::min(processors * blocks / tiles, sizes.k / least_k), 1, 256);
  const std::int64_t rounds = (tiles * cut.splits + processors - 1) / processors;
  const double start = cut.splits > 1 ? 128 : 64;  // of a block, as if k were longer
  cut.cost = static_cast<double>(rounds * rows * columns) * (static_cast<double>(sizes.k / cut.splits) + start) / speed;
  return cut;
}

ProductParts::ProductParts(CudaContext& context, const Product& product, std::int64_t splits, int depth,
                           const Epilogue& epilogue, Tensor& y)
    : context_(context), epilogue_(epilogue), y_(y) {
  const std::int64_t panels = (product.a.k + depth - 1) / depth;
  k_per_part_ = (panels + splits - 1) / splits * depth;
  count_ = (product.a.k + k_per_part_ - 1) / k_per_part_;
  if (count_ > 1) parts_ = allocate({count_ * y.numel()}, kFloat32, context.device());
}

void ProductParts::finish() {
  if (count_ == 1) return;
  launch(context_, add_parts, threads_for(y_.numel()), parts_.data<float>(), static_cast<int>(count_), y_.numel(),
         y_.size(2), EpilogueOf<float>(epilogue_), y_.data<float>());
}

}  // namespace ebb::kernels
