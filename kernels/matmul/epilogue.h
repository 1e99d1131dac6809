#pragma once

#include <cstdint>

#include "ebb/core/context.h"
#include "ebb/core/tensor.h"
#include "ebb/kernels/gemm/tile_epilogue.h"

namespace ebb::kernels {

/// What happens to each element of a product before it is stored, while it is at hand:
/// y = activation(scale product + shift + residual). What is undefined is left out.
struct Epilogue {
  enum class Activation : std::uint8_t { none, relu };

  Tensor scale{}, shift{};  ///< (channels): one per column of a matrix, or channel of an image
  Tensor residual{};        ///< of the shape and strides of y; y itself only where the op says so
  Activation activation = Activation::none;

  bool is_empty() const {
    return !scale.defined() && !shift.defined() && !residual.defined() && activation == Activation::none;
  }
};

/// The elements of an epilogue.
template <class T>
TileEpilogue<T> elements_of(const Epilogue& e) {
  const auto of = [](const Tensor& t) { return t.defined() ? t.data<T>() : nullptr; };
  return {of(e.scale), of(e.shift), of(e.residual), e.activation == Epilogue::Activation::relu};
}

/// y = epilogue(x): both (rows, channels), contiguous, float32 or float64; they may be the same.
void apply_epilogue(CpuContext&, const Epilogue& epilogue, const Tensor& x, Tensor& y);

}  // namespace ebb::kernels
