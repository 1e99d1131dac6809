#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ebb/core/value/value.h"

/// What PyTorch's files make tensors of: a storage, and a view of it.
namespace ebb::io {

/// "FloatStorage" for kFloat32; null for the newer dtypes, whose storages PyTorch writes as bytes.
const char* storage_class(DType dtype);
/// Whether it is the class of storages of bytes.
bool is_untyped(const Global& storage_class);
/// The dtype of torch.FloatStorage and its like; for foreign ones a dtype of their size. An Error for what is no
/// storage.
DType storage_dtype(const Global& storage_class);
/// Whether it is of storages that ebb cannot compute with: quantised ones.
bool is_foreign(const Global& storage_class);

/// Thrown for a tensor that is sound, and of a kind that ebb does not have: its value is not to be had, the file is.
struct ForeignTensor {};

/// The tensor that `_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks[, metadata])` makes: a view
/// of the storage, which it shares. An Error where it reaches outside, a ForeignTensor where it is conjugate, say.
Value rebuild_tensor(const std::vector<Value>& arguments);
/// `_rebuild_tensor_v3(storage, offset, size, stride, requires_grad, hooks, dtype[, metadata])`, of a storage of bytes.
Value rebuild_tensor_of_bytes(const std::vector<Value>& arguments);

}  // namespace ebb::io
