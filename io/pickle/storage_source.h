#pragma once

#include "ebb/core/tensor.h"
#include "ebb/io/pickle/storage_id.h"

namespace ebb::io {

/// Where the elements of tensors come from: they do not stand in the pickle.
class StorageSource {
 public:
  /// The elements of a storage, a tensor of one dimension; a FileError where there is none such.
  virtual Tensor find(const StorageId& id) = 0;

 protected:
  ~StorageSource() = default;
};

}  // namespace ebb::io
