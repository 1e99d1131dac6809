#pragma once

#include <functional>
#include <span>
#include <vector>

#include "ebb/core/tensor.h"

namespace ebb {

/// A function of several tensors that ops are recorded in.
using TensorFunction = std::function<Tensor(std::span<const Tensor>)>;

struct GradcheckOptions {
  double eps = 1e-6;  ///< step of the central differences
  double atol = 1e-5, rtol = 1e-3;
};

/// Compares the gradient of `f` at `inputs` with finite differences, element by element. True, or an Error that tells
/// which element of which input differs. Inputs that require a gradient must be float64; the others are constants.
bool gradcheck(const TensorFunction& f, const std::vector<Tensor>& inputs, const GradcheckOptions& options = {});

/// The same for the gradient of the gradient, contracted with a random direction.
bool gradgradcheck(const TensorFunction& f, const std::vector<Tensor>& inputs, const GradcheckOptions& options = {});

}  // namespace ebb
