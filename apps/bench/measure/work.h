#pragma once

#include <cstdint>

#include "ebb/core/dtype/dtype.h"
#include "ebb/core/shape.h"

namespace ebb::bench {

/// What a pass has to do at least, by formula: the operations that its definition takes, and the elements that are read
/// or written when each input is read once and each result written once.
struct Work {
  double flops = 0;     ///< a multiplication and an addition are two; 0 where they are not counted
  double elements = 0;  ///< of the dtype
  double other_bytes = 0;

  double bytes(DType dtype) const { return elements * static_cast<double>(size_of(dtype)) + other_bytes; }
};

/// Of a convolution: multiplications with padding count, as in the literature. The same for each of its three passes:
/// forward, and the gradients of its input and its weight. `weight` is (O, C / groups, kh, kw).
Work conv_work(const Shape& x, const Shape& weight, const Shape& y);
/// Of a transposed convolution, whose weight (C, O / groups, kh, kw) meets each pixel of x.
Work conv_transpose_work(const Shape& x, const Shape& weight, const Shape& y);

/// Of `batch` products (m, k) x (k, n); backward: both gradients.
Work product_work(std::int64_t batch, std::int64_t m, std::int64_t n, std::int64_t k);
Work product_backward_work(std::int64_t batch, std::int64_t m, std::int64_t n, std::int64_t k);

/// Of windows of `window` elements: one operation for each; backward reads an index of a byte for each result of a max
/// pooling.
Work pool_work(const Shape& x, const Shape& y, double window);
Work pool_backward_work(const Shape& x, const Shape& y, bool reads_indices);

/// Which ceiling bounds a pass, and the least time it can take.
struct Bound {
  bool is_compute = false;
  double seconds = 0;
};

/// `flops` and `bandwidth`: operations and bytes a second that the machine can do at most; an Error where one is not
/// positive.
Bound bound_of(const Work& work, DType dtype, double flops, double bandwidth);

}  // namespace ebb::bench
