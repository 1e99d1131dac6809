#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "ebb/core/context.h"
#include "ebb/core/tensor.h"
#include "ebb/kernels/elementwise/elementwise.h"

// Half precision by way of float32: what a kernel does for float16 and bfloat16 where it has no loops of its own for
// them. Every sum is then in float32, and each result is rounded once. "Cold" code is compiled to be small.

namespace ebb::kernels {

/// Whether one of them, all of which may be undefined, is of half precision.
template <class... Tensors>
bool have_half(const Tensors&... tensors) {
  return ((tensors.defined() && is_half_precision(tensors.dtype())) || ...);
}

namespace half {

/// x with size 1 where it repeats its elements, and such a tensor repeated as x is.
Tensor without_repeats(const Tensor& x);
Tensor repeated(const Tensor& once, const Tensor& x);

/// A float32 copy of a tensor of half precision, with the same strides but for gaps; any other tensor itself.
template <class Context>
[[gnu::cold]] Tensor widened(Context& context, const Tensor& x) {
  if (!have_half(x)) return x;
  const Tensor once = without_repeats(x);
  Tensor wide = empty_like(once, kFloat32);
  copy(context, once, wide);
  return repeated(wide, x);
}

/// A tensor, maybe an undefined one, that a kernel reads or writes.
struct Operand {
  explicit Operand(const Tensor& x) : tensor(&x), is_written(false) {}
  explicit Operand(Tensor& y) : tensor(&y), is_written(true) {}

  const Tensor* tensor;
  bool is_written;
};

using Body = void (*)(void* kernel, Tensor* stand_ins);

template <class Context>
[[gnu::cold]] void run(Context& context, std::span<const Operand> operands, Body body, void* kernel) {
  std::vector<Tensor> stand_ins;
  for (const auto& [tensor, is_written] : operands) {
    stand_ins.push_back(is_written && have_half(*tensor) ? empty_like(*tensor, kFloat32) : widened(context, *tensor));
  }
  body(kernel, stand_ins.data());
  for (std::size_t i = 0; i < operands.size(); ++i) {
    Tensor y = *operands[i].tensor;
    if (operands[i].is_written && have_half(y)) copy(context, stand_ins[i], y);
  }
}

extern template void run(CpuContext&, std::span<const Operand>, Body, void*);

/// A few slices along dimension 0 at a time, that their float32 elements stay in the caches.
void run_by_slices(CpuContext& context, std::span<const Operand> operands, Body body, void* kernel);

template <class Kernel, std::size_t n>
[[gnu::cold]] void call(void* kernel, Tensor* stand_ins) {
  [&]<std::size_t... i>(std::index_sequence<i...>) { (*static_cast<Kernel*>(kernel))(stand_ins[i]...); }
  (std::make_index_sequence<n>());
}

}  // namespace half

/// Calls `kernel(tensors...)` with float32 in the place of half precision. A tensor that is const is read; one that is
/// not is only written, all of it. Undefined ones and other dtypes are passed on.
template <class Context, class Kernel, class... Tensors>
[[gnu::cold]] void in_float32(Context& context, Kernel kernel, Tensors&... tensors) {
  const std::array operands{half::Operand(tensors)...};
  half::run(context, operands, half::call<Kernel, sizeof...(Tensors)>, &kernel);
}

/// The same, for a kernel that computes each slice along dimension 0, which all tensors have, by itself. The CPU takes
/// a few slices at a time.
template <class Context, class Kernel, class... Tensors>
[[gnu::cold]] void in_float32_by_slices(Context& context, Kernel kernel, Tensors&... tensors) {
  const std::array operands{half::Operand(tensors)...};
  if constexpr (std::is_same_v<Context, CpuContext>) {
    half::run_by_slices(context, operands, half::call<Kernel, sizeof...(Tensors)>, &kernel);
  } else {
    half::run(context, operands, half::call<Kernel, sizeof...(Tensors)>, &kernel);
  }
}

}  // namespace ebb::kernels
