#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ebb/core/value.h"

/// What PyTorch's files make tensors of: a storage, and a view of it.
namespace ebb::io {

/// "FloatStorage" for kFloat32.
const char* storage_class(DType dtype);
/// The dtype of torch.FloatStorage and its like; an Error that names what is supported for any other.
DType storage_dtype(const Global& storage_class);

/// The tensor that `_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks)` makes: a view of the
/// storage, which it shares. An Error where it reaches outside.
Tensor rebuild_tensor(const std::vector<Value>& arguments);

}  // namespace ebb::io
