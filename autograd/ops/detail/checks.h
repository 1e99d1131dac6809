#pragma once

#include "ebb/core/tensor.h"

/// What many ops demand of their tensors.
namespace ebb::ops {

void check_floating(const Tensor& x);
/// That `t`, which an error calls `name`, has the dtype of the input x, where it is defined.
void check_dtype(const char* name, const Tensor& t, const Tensor& x);
/// The same, or the type that an input of half precision is computed in.
void check_opmath_dtype(const char* name, const Tensor& t, const Tensor& x);
[[noreturn]] void fail_for_two_devices(const Tensor& a, const Tensor& b);
inline void check_one_device(const Tensor& a, const Tensor& b) {
  if (a.device() != b.device()) [[unlikely]] {
    fail_for_two_devices(a, b);
  }
}
/// That x can hold the result of an op that works in place.
void check_stays(const Tensor& x, const Shape& shape, DType result);

}  // namespace ebb::ops
