#pragma once

#include "ebb/kernels/conv/conv.h"
#include "ebb/kernels/half/in_float32.h"

namespace ebb::kernels {

// Half precision, by way of float32.

namespace half {

/// A weight in float32, which is kept as other forms of it are.
template <class Context>
[[gnu::cold]] PackedWeight widened(Context& context, const PackedWeight& weight) {
  const void* stream = nullptr;
  if constexpr (!std::is_same_v<Context, CpuContext>) {
    if (context.is_capturing()) return {widened(context, weight.weight()), true};  // as the weight is when launched
    stream = context.stream();
  }
  return {weight.as(
              "float32", [&] { return widened(context, weight.weight()); }, stream),
          true};
}

}  // namespace half

template <class Context>
[[gnu::cold]] void conv2d_of_half(Context& context, const Tensor& x, const PackedWeight& weight,
                                  const Epilogue& epilogue, const ConvGeometry& geometry, Tensor& y) {
  const PackedWeight wide = half::widened(context, weight);
  const Tensor scale = half::widened(context, epilogue.scale), shift = half::widened(context, epilogue.shift);
  in_float32_by_slices(
      context,
      [&](const Tensor& from, const Tensor& residual, Tensor& to) {
        conv2d(context, from, wide, {scale, shift, residual, epilogue.activation}, geometry, to);
      },
      x, epilogue.residual, y);
}

template <class Context>
[[gnu::cold]] void conv2d_backward_input_of_half(Context& context, const Tensor& dy, const PackedWeight& weight,
                                                 const Tensor& shift, const ConvGeometry& geometry, Tensor& dx) {
  const PackedWeight wide = half::widened(context, weight);
  const Tensor wide_shift = half::widened(context, shift);
  in_float32_by_slices(
      context,
      [&](const Tensor& from, Tensor& to) { conv2d_backward_input(context, from, wide, wide_shift, geometry, to); }, dy,
      dx);
}

template <class Context>
[[gnu::cold]] void conv2d_backward_weight_of_half(Context& context, const Tensor& x, const Tensor& dy,
                                                  const ConvGeometry& geometry, Tensor& dweight) {
  in_float32(
      context,
      [&](const Tensor& from, const Tensor& gradient, Tensor& to) {
        conv2d_backward_weight(context, from, gradient, geometry, to);
      },
      x, dy, dweight);
}

}  // namespace ebb::kernels
