#pragma once

#include <cstdint>

#include "ebb/core/context.h"
#include "ebb/core/tensor.h"
#include "ebb/kernels/cpu/isa.h"

namespace ebb::kernels {

/// What happens to each element of a product before it is stored, while it is at hand:
/// y = activation(scale product + shift + residual). What is undefined is left out.
struct Epilogue {
  enum class Activation : std::uint8_t { none, relu };

  Tensor scale{}, shift{};  ///< (channels): one per column of a matrix, or channel of an image
  Tensor residual{};        ///< of the shape and strides of y
  Activation activation = Activation::none;

  bool is_empty() const {
    return !scale.defined() && !shift.defined() && !residual.defined() && activation == Activation::none;
  }
};

/// An epilogue for rows of `channels` elements that follow each other: y is read and written.
template <class T>
struct EpilogueRows {
  EpilogueRows(const Epilogue& epilogue, std::int64_t channels)
      : channels(channels),
        scale(epilogue.scale.defined() ? epilogue.scale.data<T>() : nullptr),
        shift(epilogue.shift.defined() ? epilogue.shift.data<T>() : nullptr),
        residual(epilogue.residual.defined() ? epilogue.residual.data<T>() : nullptr),
        relu(epilogue.activation == Epilogue::Activation::relu) {}

  std::int64_t channels;
  const T *scale, *shift;
  const T* residual;  // of the whole y, whose element `first` is the first of a call
  bool relu;
};

/// Of `rows` rows of y, which begin at element `first` of it.
template <Isa, class T>
void finish_rows(const EpilogueRows<T>& epilogue, T* y, std::int64_t first, std::int64_t rows);

/// y = epilogue(x): both (rows, channels), contiguous, float32 or float64; they may be the same.
void apply_epilogue(CpuContext&, const Epilogue& epilogue, const Tensor& x, Tensor& y);

}  // namespace ebb::kernels
