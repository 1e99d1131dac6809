#pragma once

#include "ebb/core/tensor.h"

/// What the normalisations share.
namespace ebb::ops {

/// Each row of x (rows, n) with mean 0 and variance 1.
Tensor normalized_rows(const Tensor& x, double eps);

/// y * weight + bias, where they are defined.
Tensor affine(Tensor y, const Tensor& weight, const Tensor& bias);

void check_shape(const char* name, const Tensor& t, const Shape& shape);

/// running = (1 - momentum) running + momentum factor current, in place and not recorded.
void move_towards(const Tensor& running, const Tensor& current, double momentum, double factor = 1);

}  // namespace ebb::ops
