#pragma once

#include <functional>
#include <vector>

#include "ebb/core/context.h"
#include "ebb/core/tensor.h"

// What a kernel gives on the GPU is compared with what it gives on the CPU. The GPU is real, or one that
// support/cuda_emulator plays: then every comparison runs with several orders of threads.

namespace ebb::test {

/// Seeds for the order of threads; one on a real GPU.
std::vector<std::uint64_t> thread_orders();
void set_thread_order(std::uint64_t seed);

/// The tensor on the GPU: the same strides and offset over a copy of its storage.
Tensor on_gpu(const Tensor& x);

/// Normal numbers, of any dtype, with a NaN, infinities and zeros among the floating ones where wanted.
Tensor random_tensor(const Shape& shape, DType dtype = kFloat32, bool special = false);

/// The same values in other places: a transposed, a sliced, and a misaligned storage.
std::vector<Tensor> layouts_of(const Tensor& x);

/// How far numbers may differ: absolute + relative * |expected|.
struct Tolerance {
  double absolute, relative;
  Tolerance(double both) : absolute(both), relative(both) {}
};

/// Of half precision: what float32 may differ by, and a step between neighbours more, where the two are rounded apart.
Tolerance tolerance_of(DType dtype, double of_float32, double of_float64);

/// Fails the test unless all elements agree: floating ones within the tolerance, NaN with NaN.
void require_close(const Tensor& actual, const Tensor& expected, Tolerance tolerance);

using Tensors = std::vector<Tensor>;

/// Calls `kernel(context, inputs, outputs)` on both devices and compares the outputs, whose shapes, dtypes and strides
/// are those of `outputs`.
template <class Kernel>
void require_agreement(const Tensors& inputs, const Tensors& outputs, Tolerance tolerance, Kernel&& kernel) {
  const auto fresh = [&](Device device) {
    Tensors made;
    for (const Tensor& y : outputs) {
      made.push_back(empty_strided(y.shape(), y.strides(), {.dtype = y.dtype(), .device = device}));
    }
    return made;
  };
  CpuContext cpu;
  Tensors expected = fresh(kCPU);
  kernel(cpu, inputs, expected);
  Tensors moved;
  for (const Tensor& x : inputs) moved.push_back(x.defined() ? on_gpu(x) : x);
  for (const std::uint64_t seed : thread_orders()) {
    set_thread_order(seed);
    Tensors actual = fresh(kCUDA);
    kernel(cuda_context(0), moved, actual);
    for (std::size_t i = 0; i < actual.size(); ++i) require_close(actual[i], expected[i], tolerance);
  }
  set_thread_order(0);
}

}  // namespace ebb::test
