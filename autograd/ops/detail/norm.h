#pragma once

#include <initializer_list>

#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/view.h"
#include "ebb/core/tensor.h"

/// What the normalisations share.
namespace ebb::ops {

/// Each row of x (rows, n) with mean 0 and variance 1, times weight plus bias where they are defined: of a shape of
/// their own, as kernels::RowAffine numbers them.
Tensor normalized_rows(const Tensor& x, double eps, const Tensor& weight = {}, const Tensor& bias = {},
                       std::int64_t inner = 1);
/// Whether that takes these weights and biases; otherwise they are applied by `affine`.
bool can_fuse(const Tensor& x, std::initializer_list<Tensor> affine);

/// y * weight + bias, where they are defined.
Tensor affine(Tensor y, const Tensor& weight, const Tensor& bias);

void check_shape(const char* name, const Tensor& t, const Shape& shape);

/// Runs `kernel`, not recorded, which moves these statistics in place; some may be undefined.
template <class Kernel>
void move_running(std::initializer_list<Tensor> running, Kernel&& kernel) {
  no_grad([&] {
    for (const Tensor& t : running) {
      if (t.defined()) autograd::begin_write(t);
    }
    kernel();
    for (const Tensor& t : running) {
      if (t.defined()) autograd::end_write(t);
    }
  });
}

/// running = (1 - momentum) running + momentum factor current, in place and not recorded.
void move_towards(const Tensor& running, const Tensor& current, double momentum, double factor = 1);

}  // namespace ebb::ops
