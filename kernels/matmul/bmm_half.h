#pragma once

#include "ebb/kernels/half/in_float32.h"
#include "ebb/kernels/matmul/bmm.h"

namespace ebb::kernels {

// Half precision, by way of float32.

template <class Context>
[[gnu::cold]] void bmm_of_half(Context& context, const Tensor& a, const Tensor& b, const Epilogue& epilogue,
                               Tensor& y) {
  in_float32(
      context,
      [&](const Tensor& left, const Tensor& right, const Tensor& scale, const Tensor& shift, const Tensor& residual,
          Tensor& to) {
        bmm(context, left, right, {scale, shift, residual, epilogue.activation}, to);
      },
      a, b, epilogue.scale, epilogue.shift, epilogue.residual, y);
}

}  // namespace ebb::kernels
