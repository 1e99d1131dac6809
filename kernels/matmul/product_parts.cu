#include "ebb/kernels/matmul/product_parts.h"

#include <algorithm>

#include "ebb/core/dispatch.h"
#include "ebb/kernels/cuda/launch.cuh"
#include "ebb/kernels/elementwise/elementwise.h"
#include "ebb/kernels/matmul/epilogue.cuh"

namespace ebb::kernels {
namespace {

/// y = the sum of the parts that each have `count` elements, in their order.
template <class T>
__global__ void add_parts(const float* parts, int splits, std::int64_t count, std::int64_t columns,
                          EpilogueOf<T> epilogue, T* y) {
  const std::int64_t i = thread_index();
  if (i >= count) return;
  float sum = parts[i];
#pragma unroll 4
  for (int s = 1; s < splits; ++s) sum += parts[s * count + i];
  y[i] = rounded<T>(epilogue(sum, i % columns, i));
}

ProductCut cut_of(const CudaContext& context, const ProductSizes& sizes, const TileShape& shape, std::int64_t start) {
  const std::int64_t least_k = 4 * start;  // parts of less do not pay for another launch
  const std::int64_t processors = context.multiprocessors();
  const std::int64_t tiles =
      (sizes.m + shape.rows - 1) / shape.rows * ((sizes.n + shape.columns - 1) / shape.columns) * sizes.batch;
  ProductCut cut;
  cut.splits = std::clamp<std::int64_t>(std::min(processors * shape.blocks / tiles, sizes.k / least_k), 1, 256);
  const std::int64_t rounds = (tiles * cut.splits + processors - 1) / processors;
  const std::int64_t k = sizes.k / cut.splits + (cut.splits > 1 ? 2 : 1) * start;
  cut.cost = static_cast<double>(rounds * shape.rows * shape.columns) * static_cast<double>(k) / shape.speed;
  return cut;
}

}  // namespace

Tensor with_neighbours(CudaContext& context, const Tensor& x) {
  if (x.stride(1) == 1 || x.stride(2) == 1) return x;
  if (x.size(2) == 1) return x.alias(x.shape(), {x.stride(0), x.stride(1), 1}, x.storage_offset());
  if (x.size(1) == 1) return x.alias(x.shape(), {x.stride(0), 1, x.stride(2)}, x.storage_offset());
  Tensor copied = allocate(x.shape(), x.dtype(), x.device());
  copy(context, x, copied);
  return copied;
}

ProductCut cheapest_cut(const CudaContext& context, const ProductSizes& sizes, std::span<const TileShape> tiles,
                        std::int64_t start) {
  ProductCut best;
  for (std::size_t i = 0; i < tiles.size(); ++i) {
    ProductCut cut = cut_of(context, sizes, tiles[i], start);
    cut.tile = static_cast<int>(i);
    if (i == 0 || cut.cost < best.cost) best = cut;
  }
  return best;
}

ProductParts::ProductParts(CudaContext& context, std::int64_t k, std::int64_t splits, int depth,
                           const Epilogue& epilogue, Tensor& y)
    : context_(context), epilogue_(epilogue), y_(y) {
  const std::int64_t panels = (k + depth - 1) / depth;
  k_per_part_ = (panels + splits - 1) / splits * depth;
  count_ = (k + k_per_part_ - 1) / k_per_part_;
  if (count_ > 1) parts_ = allocate({count_ * y.numel()}, kFloat32, context.device());
}

void ProductParts::finish() {
  if (count_ == 1) return;
  visit_floating(y_.dtype(), [&]<class T>() {
    if constexpr (!std::is_same_v<T, double>) {
      launch(context_, add_parts<T>, threads_for(y_.numel()), parts_.data<float>(), static_cast<int>(count_),
             y_.numel(), y_.size(2), EpilogueOf<T>(epilogue_), y_.data<T>());
    }
  });
}

}  // namespace ebb::kernels
