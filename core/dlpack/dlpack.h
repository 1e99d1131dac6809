#pragma once

#include "ebb/core/dlpack/dlpack_abi.h"
#include "ebb/core/tensor.h"

/// Tensors to and from NumPy, PyTorch, CuPy, JAX and others, without a copy. A tensor on a GPU must be finished on one
/// side before the other begins, or both must use one stream.
namespace ebb {

/// The elements of `x`, shared: what one side writes, the other sees. They live until the deleter is called, which
/// whoever receives the result must do once. An Error for a tensor that wants a gradient (detach() it) or is on meta.
dlpack::DLManagedTensorVersioned* to_dlpack(const Tensor& x);
/// The form of before DLPack 1.0, for consumers that do not ask for another.
dlpack::DLManagedTensor* to_dlpack_legacy(const Tensor& x);

/// A tensor over the elements of `managed`, whose deleter is called once: when the last tensor lets go, or before this
/// throws. An Error for elements that are read-only, misaligned, of a dtype or on a device that ebb lacks, for more
/// than 8 dimensions, negative strides and major versions other than 1.
Tensor from_dlpack(dlpack::DLManagedTensorVersioned* managed);
Tensor from_dlpack(dlpack::DLManagedTensor* managed);

}  // namespace ebb
