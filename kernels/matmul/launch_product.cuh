#pragma once

#include <algorithm>
#include <cstddef>

#include "ebb/kernels/cuda/launch.cuh"
#include "ebb/kernels/matmul/product_parts.h"
#include "ebb/kernels/matmul/product_tile.cuh"

namespace ebb::kernels {

/// A product that is to be launched, with k in so many parts.
template <class T>
struct ProductTask {
  CudaContext& context;
  const Product<T>& product;
  std::int64_t splits;
  const Epilogue& epilogue;
  Tensor& y;
};

/// Those that multiply, and those that copy for them where a tile has such.
template <class Tile>
inline constexpr int block_threads = [] {
  if constexpr (requires { Tile::copying_threads; }) {
    return Tile::threads + Tile::copying_threads;
  } else {
    return Tile::threads;
  }
}();

/// A block, with so many bytes of dynamic shared memory, for each tile and part of k. The parameters of the kernel are
/// `first`, then Factor<T> a and b, ProductGrid, EpilogueOf<T>, ProductOutput<T>.
template <class Tile, class T, class... Params, class... First>
void launch_product(const ProductTask<T>& task, void (*kernel)(Params...), std::size_t dynamic_shared,
                    const First&... first) {
  const auto &a = task.product.a, &b = task.product.b;
  const std::int64_t row_tiles = (a.outer + Tile::rows - 1) / Tile::rows,
                     column_tiles = (b.outer + Tile::columns - 1) / Tile::columns;
  ProductParts parts(task.context, a.k, task.splits, Tile::depth, task.epilogue, task.y);
  const LaunchSize size{dim3(grid_size(row_tiles * column_tiles), static_cast<unsigned>(parts.count()),
                             static_cast<unsigned>(std::min<std::int64_t>(task.product.batch, 65535))),
                        dim3(block_threads<Tile>), dynamic_shared};
  launch(task.context, kernel, size, first..., a, b, ProductGrid{task.product.batch, row_tiles, parts.k_per_part()},
         EpilogueOf<T>(parts.epilogue()), ProductOutput<T>(task.y.template data<T>(), parts.data()));
  parts.finish();
}

}  // namespace ebb::kernels
