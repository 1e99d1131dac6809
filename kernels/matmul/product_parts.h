#pragma once

#include <cstdint>

#include "ebb/core/context.h"
#include "ebb/core/tensor.h"
#include "ebb/kernels/matmul/epilogue.h"
#include "ebb/kernels/matmul/factor.h"

namespace ebb::kernels {

struct ProductSizes {
  std::int64_t batch, m, n, k;

  ProductSizes(const Tensor& a, const Tensor& b) : batch(a.size(0)), m(a.size(1)), n(b.size(2)), k(a.size(2)) {}
};

/// A product of floats, as its kernels see it: neighbours of one dimension of each factor are neighbours in memory. A
/// factor of which that is not so is copied.
struct Product {
  Tensor left, right;  // what a and b look at
  Factor<float> a, b;
  std::int64_t batch;

  Product(CudaContext& context, const Tensor& left, const Tensor& right);
};

/// How a product is shared out to blocks, each with a tile of y and a part of k.
struct ProductCut {
  std::int64_t splits = 1;  ///< of k
  double cost = 0;          ///< multiply-adds of the busiest multiprocessor, by the time that they take
};

/// Of tiles (rows, columns), of which `blocks` fit a multiprocessor, and which take 1 / speed of the time that the
/// fastest take for as much.
ProductCut cut_of(const CudaContext& context, const ProductSizes& sizes, int rows, int columns, int blocks,
                  double speed);

/// Where the blocks of a product write: into y, or, where each sums over a part of k only, into a tensor (parts, y's
/// elements) that finish() adds up, part after part.
class ProductParts {
 public:
  ProductParts(CudaContext& context, const Product& product, std::int64_t splits, int depth, const Epilogue& epilogue,
               Tensor& y);

  std::int64_t count() const { return count_; }
  std::int64_t k_per_part() const { return k_per_part_; }  ///< a multiple of `depth`
  float* data() { return count_ > 1 ? parts_.data<float>() : y_.data<float>(); }
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
