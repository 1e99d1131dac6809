#pragma once

#include "ebb/autograd/node.h"

namespace ebb::autograd {

/// `sum += term`, where `sum` may be undefined. Writes in place only where nobody else can see it.
void accumulate(Tensor& sum, Tensor term);

/// Adds to the grad of the tensor that collects what arrives at `node`, if there is one and it still lives.
void accumulate_grad(const Node& node, Tensor gradient);

Tensor grad_of(const TensorBody& body);
/// Undefined: none.
void set_grad_of(TensorBody& body, Tensor grad);

}  // namespace ebb::autograd
