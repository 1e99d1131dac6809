#pragma once

#include <cstdint>
#include <vector>

#include "ebb/autograd/ops.h"
#include "ebb/kernels/matmul/bmm.h"

#include "tests/kernels/both_devices.h"
#include "tests/support/catch.h"

namespace ebb::test {

struct Sizes {
  std::int64_t batch, m, n, k;
};

/// By rows, by columns, with gaps between rows, with no unit stride, and broadcast along the batch.
inline std::vector<Tensor> matrices(std::int64_t batch, std::int64_t rows, std::int64_t columns, DType dtype) {
  const Tensor by_rows = random_tensor({batch, rows, columns}, dtype);
  return {by_rows, random_tensor({batch, columns, rows}, dtype).transpose(1, 2),
          random_tensor({batch, rows, columns + 4}, dtype).narrow(2, 4, columns),
          random_tensor({batch, rows, columns * 2}, dtype).slice(2, 0, {}, 2),
          random_tensor({rows, columns}, dtype).alias({batch, rows, columns}, {0, columns, 1}, 0)};
}

/// The product, by an implementation of the GPU's that otherwise might not be chosen.
inline void check_result_by(const char* name, const Tensor& a, const Tensor& b, const Tensor& expected,
                            double tolerance) {
  const Tensor left = on_gpu(a), right = on_gpu(b);
  CAPTURE(name, to_string(a.shape()), to_string(a.strides()), to_string(b.shape()), to_string(b.strides()));
  const kernels::ForceImplementation force("bmm", name);
  for (const std::uint64_t seed : thread_orders()) {
    set_thread_order(seed);
    require_close(bmm(left, right), expected, tolerance);
  }
  set_thread_order(0);
}

using Activation = kernels::Epilogue::Activation;

/// A product of half precision by it: no further from the exact ones than sums of float32, and one
/// rounding after the epilogue, bring them.
inline void check_of_half_by(const char* name, const Tensor& a, const Tensor& b,
                             const kernels::Epilogue& epilogue = {}) {
  const auto exact = [](const Tensor& x) { return x.to(kFloat64); };
  const auto there = [](const Tensor& x) { return x.defined() ? on_gpu(x) : x; };
  const auto largest = [&](const Tensor& x) { return abs(exact(x)); };
  Tensor expected = bmm(exact(a), exact(b)), terms = bmm(largest(a), largest(b));
  if (epilogue.scale.defined()) expected = expected * exact(epilogue.scale), terms = terms * largest(epilogue.scale);
  for (const Tensor& x : {epilogue.shift, epilogue.residual}) {
    if (x.defined()) expected = expected + exact(x), terms = terms + largest(x);
  }
  if (epilogue.activation == Activation::relu) expected = relu(expected);
  const double half_a_unit = a.dtype() == kFloat16 ? 0x1p-11 : 0x1p-8;
  const Tensor allowed = abs(expected) * half_a_unit + terms * (0x1p-24 * static_cast<double>(a.size(2) + 4)) + 0x1p-25;

  CAPTURE(name, to_string(a.dtype()), to_string(a.shape()), to_string(a.strides()), a.storage_offset());
  CAPTURE(to_string(b.shape()), to_string(b.strides()), b.storage_offset());
  const kernels::ForceImplementation force("bmm", name);
  for (const std::uint64_t seed : thread_orders()) {
    set_thread_order(seed);
    Tensor y = empty(expected.shape(), {.dtype = a.dtype(), .device = kCUDA});
    kernels::bmm(cuda_context(0), there(a), there(b),
                 {there(epilogue.scale), there(epilogue.shift), there(epilogue.residual), epilogue.activation}, y);
    const Tensor made = y.to(kCPU).to(kFloat64);
    require_close(where(abs(made - expected) <= allowed, expected, made), expected, 0);
  }
  set_thread_order(0);
}

}  // namespace ebb::test
