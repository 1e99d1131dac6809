#pragma once

#include <functional>
#include <span>

#include "ebb/core/tensor.h"

namespace ebb::autograd {

class Pass;
using GateFunction = std::function<void(Pass& pass, std::span<Tensor> gradients)>;

/// Replaces the tensors that want a gradient by aliases of themselves whose gradients pass through `see` together: it
/// is called once in a backward pass, when all that will arrive have arrived, with the gradient of each tensor
/// (undefined where there is none), and may replace them. False where no tensor wants one: `see` is never called.
bool gate(std::span<Tensor> tensors, GateFunction see);

}  // namespace ebb::autograd
