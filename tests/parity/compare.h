#pragma once

#include <string>

#include "ebb/core/tensor.h"

namespace parity {

/// What is different between a result and what PyTorch recorded, or "". Figures of torch.testing.assert_close; NaN
/// equals NaN, dtypes and shapes must be the same.
std::string difference(const ebb::Tensor& got, const ebb::Tensor& expected);

/// Whether a result that differs has an excuse: no element is further than ten tolerances from PyTorch's, and where one
/// is further than one, it is within one of the float64 result `exact`, or at most twice as far from it as PyTorch's.
/// In half precision, where a difference of large numbers may be all rounding, it is within two, or at most four times
/// as far, and PyTorch's, which may be rounded many times, can be anywhere.
bool is_as_accurate(const ebb::Tensor& got, const ebb::Tensor& expected, const ebb::Tensor& exact);

/// What is wrong with `y` and `dx` as dropout of x and of the cotangent dy, or "": each element is 0 or
/// scaled by 1 / (1 - p), and both were masked alike.
std::string dropout_difference(const ebb::Tensor& x, const ebb::Tensor& y, const ebb::Tensor& dy, const ebb::Tensor& dx,
                               double p);

}  // namespace parity
