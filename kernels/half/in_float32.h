#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <tuple>
#include <type_traits>

#include "ebb/core/context.h"
#include "ebb/core/tensor.h"
#include "ebb/kernels/elementwise/elementwise.h"

// Half precision by way of float32: what a kernel does for float16 and bfloat16 where it has no loops of its own for
// them. Every sum is then in float32, and each result is rounded once.

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
Tensor stand_in(Context& context, const Tensor& x) {
  if (!have_half(x)) return x;
  const Tensor once = without_repeats(x);
  Tensor wide = empty_like(once, kFloat32);
  copy(context, once, wide);
  return repeated(wide, x);
}
template <class Context>
Tensor stand_in(Context&, Tensor& y) {
  return have_half(y) ? empty_like(y, kFloat32) : y;
}
template <class Context>
void finish(Context&, const Tensor&, const Tensor&) {}
template <class Context>
void finish(Context& context, const Tensor& stand_in, Tensor& y) {
  if (have_half(y)) copy(context, stand_in, y);
}

/// How many slices along dimension 0 the defined ones of `tensors` have, and how many of them are computed together,
/// that their float32 elements stay in the caches.
struct Slicing {
  std::int64_t count, together;
};
Slicing slicing(std::initializer_list<const Tensor*> tensors);
/// `count` slices of x along dimension 0 from `first` on; an undefined x itself.
Tensor slices(const Tensor& x, std::int64_t first, std::int64_t count);

}  // namespace half

/// Calls `kernel(tensors...)` with float32 in the place of half precision. A tensor that is const is read; one that is
/// not is only written, all of it. Undefined ones and other dtypes are passed on.
template <class Context, class Kernel, class... Tensors>
void in_float32(Context& context, Kernel&& kernel, Tensors&... tensors) {
  std::tuple stand_ins{half::stand_in(context, tensors)...};
  std::apply(kernel, stand_ins);
  std::apply([&](const auto&... each) { (half::finish(context, each, tensors), ...); }, stand_ins);
}

/// The same, for a kernel that computes each slice along dimension 0, which all tensors have, by itself. The CPU takes
/// a few slices at a time.
template <class Context, class Kernel, class... Tensors>
void in_float32_by_slices(Context& context, Kernel&& kernel, Tensors&... tensors) {
  if constexpr (std::is_same_v<Context, CpuContext>) {
    const auto [count, together] = half::slicing({&tensors...});
    for (std::int64_t first = 0; first < count; first += together) {
      std::tuple<Tensors...> parts{half::slices(tensors, first, std::min(together, count - first))...};
      std::apply([&](auto&... part) { in_float32(context, kernel, part...); }, parts);
    }
  } else {
    in_float32(context, kernel, tensors...);
  }
}

}  // namespace ebb::kernels
