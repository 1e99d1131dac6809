#pragma once

#include <functional>
#include <optional>
#include <span>

#include "ebb/core/context.h"
#include "ebb/core/tensor.h"
#include "ebb/kernels/conv/conv_task.h"
#include "ebb/kernels/elementwise/activation_ops.h"
#include "ebb/kernels/matmul/epilogue.h"

/// Ops that put off their work in InferenceMode. Each function returns an undefined tensor, or false, where the op has
/// to be done at once: outside of InferenceMode, on a GPU, where an implementation is forced, or where an operand may
/// be written to without a word.
namespace ebb::autograd {

/// What an op does to each element of its input: function(activation(scale x + shift + residual)).
struct Step {
  kernels::Epilogue epilogue{};  ///< no scale without a shift; both along dimension 1
  std::optional<kernels::ActivationOp> function{};
};

/// x and weight as kernels::conv2d takes them; the bias may be undefined.
Tensor put_off_conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias, const kernels::ConvGeometry& geometry,
                      const Shape& output);

using Kernel = std::function<void(CpuContext& context, std::span<const Tensor> inputs, Tensor& y)>;

/// The result of any other op, which waits where one of its inputs does: so that what that is made from may be let go
/// before it is made.
Tensor put_off(std::span<const Tensor> inputs, const Shape& shape, MemoryFormat format, Kernel kernel);

/// A step on x, the result of such an op, or a batch norm of any x.
Tensor put_off(const Tensor& x, const Step& step);
bool put_off_in_place(const Tensor& x, const Step& step);

}  // namespace ebb::autograd
