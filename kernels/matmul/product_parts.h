#pragma once

#include <cstdint>
#include <span>

#include "ebb/core/context.h"
#include "ebb/core/tensor.h"
#include "ebb/kernels/matmul/epilogue.h"
#include "ebb/kernels/matmul/factor.h"

namespace ebb::kernels {

struct ProductSizes {
  std::int64_t batch, m, n, k;

  ProductSizes(const Tensor& a, const Tensor& b) : batch(a.size(0)), m(a.size(1)), n(b.size(2)), k(a.size(2)) {}
};

/// x with a stride of 1, or else a copy of it that has one. A stride of 1 is given to what has one element, of which it
/// says nothing.
Tensor with_neighbours(CudaContext& context, const Tensor& x);

/// A product of elements T, as its kernels see it: neighbours of one dimension of each factor are neighbours in memory.
/// A factor of which that is not so is copied.
template <class T>
struct Product {
  Tensor left, right;  // what a and b look at
  Factor<T> a, b;
  std::int64_t batch;

  Product(CudaContext& context, const Tensor& x, const Tensor& y)
      : left(with_neighbours(context, x)),
        right(with_neighbours(context, y)),
        a(factor<T>(left, 1, 2)),
        b(factor<T>(right, 2, 1)),
        batch(left.size(0)) {}
};

/// Tiles (rows, columns), of which `blocks` fit a multiprocessor, and which take 1 / speed of the time that the fastest
/// take for as much.
struct TileShape {
  int rows, columns, blocks;
  double speed;
};

template <class Tile>
constexpr TileShape shape_of(double speed) {
  return {Tile::rows, Tile::columns, Tile::blocks, speed};
}

/// Calls `body.operator()<a_by_k, b_by_k>()`: of which dimension neighbours are neighbours in memory, for each factor.
template <class T, class Body>
void visit_order(const Product<T>& p, Body&& body) {
  const bool a_by_k = p.a.k_stride == 1, b_by_k = p.b.k_stride == 1;
  if (a_by_k) {
    b_by_k ? body.template operator()<true, true>() : body.template operator()<true, false>();
  } else {
    b_by_k ? body.template operator()<false, true>() : body.template operator()<false, false>();
  }
}

/// How a product is shared out to blocks, each with a tile of y and a part of k.
struct ProductCut {
  int tile = 0;             ///< which of those that there are
  std::int64_t splits = 1;  ///< of k
  double cost = 0;          ///< multiply-adds of the busiest multiprocessor, by the time that they take
};

/// The cheapest. `start` is what a block takes before and after its sums, as if k were so much longer.
ProductCut cheapest_cut(const CudaContext& context, const ProductSizes& sizes, std::span<const TileShape> tiles,
                        std::int64_t start);

/// Where the blocks of a product write: into y, or, where each sums over a part of k only, into floats (parts, y's
/// elements) that finish() adds up, part after part.
class ProductParts {
 public:
  ProductParts(CudaContext& context, std::int64_t k, std::int64_t splits, int depth, const Epilogue& epilogue,
               Tensor& y);

  std::int64_t count() const { return count_; }
  std::int64_t k_per_part() const { return k_per_part_; }                ///< a multiple of `depth`
  float* data() { return count_ > 1 ? parts_.data<float>() : nullptr; }  ///< null where blocks write into y
  /// What is left to the blocks.
  Epilogue epilogue() const { return count_ > 1 ? Epilogue{} : epilogue_; }
  void finish();

 private:
  CudaContext& context_;
  const Epilogue& epilogue_;
  Tensor& y_;
  std::int64_t k_per_part_, count_;
  Tensor parts_;
};

}  // namespace ebb::kernels
