#pragma once

#include <vector>

#include "ebb/core/value/value.h"
#include "ebb/io/bytes/bytes.h"

namespace ebb::io {

struct Pickled {
  Bytes stream;
  std::vector<Tensor> storages;  ///< of one dimension, on the CPU: storage "0", "1", ...
};

/// Writes a value as torch.save pickles it, protocol 2. Tensors that share their storage share it in the file, which
/// then holds the whole storage, as PyTorch's do. Equal values give equal bytes.
Pickled pickle(const Value& value);

}  // namespace ebb::io
