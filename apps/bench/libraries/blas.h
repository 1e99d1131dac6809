#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ebb/core/tensor.h"

#include "apps/bench/cases/case.h"

namespace ebb::bench {

/// y = a b for matrices that lie by rows: a is (m, k), or (k, m) where it is transposed, b (k, n) or (n, k).
struct MatrixProduct {
  bool transposed_a, transposed_b;
  std::int64_t m, n, k;
  const void *a, *b;
  void* y;
};

/// Another library's product of matrices.
struct Blas {
  std::string name, version;
  std::function<void(const MatrixProduct&)> in_float32, in_float64;  ///< empty where it has none
};

/// Those that this machine has: OpenBLAS, Intel's MKL, BLIS and oneDNN, told by the names of their shared libraries and
/// opened without their headers. They compute on `threads` threads. Those that `without` names are not even opened.
std::vector<Blas> installed_blas(int threads, const std::vector<std::string>& without = {});

/// The matrices of a batch, which lie by rows; or where they are transposed, as the rows of those.
struct Factor {
  const Tensor& matrices;
  bool transposed;
};

/// Products of the matrices of two batches: (m, k) x (k, n).
struct BatchedProduct {
  Factor a, b;
  std::int64_t batch, m, n, k;
};
using Multiply = std::function<void(const BatchedProduct& product, Tensor& y)>;

/// A pass of products: the results of Call::run(). `dy`: of the backward pass.
std::vector<Tensor> run_product(const Multiply& multiply, const Product& product, const std::vector<Tensor>& inputs,
                                const Tensor& dy);
/// The same by that library.
std::vector<Tensor> run_product(const Blas& blas, const Product& product, const std::vector<Tensor>& inputs,
                                const Tensor& dy);

}  // namespace ebb::bench
