#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ebb/core/value/value.h"

namespace ebb::io {

/// What a pickle says of a storage that lies beside it, in its persistent id.
struct StorageId {
  /// The elements of the storage that are meant, where that is not all: until PyTorch 0.3.
  struct Part {
    std::int64_t begin = 0, elements = 0;
  };

  DType dtype = kFloat32;
  bool is_foreign = false;  ///< of a kind that ebb does not have, such as quantised: `dtype` is one of its size
  bool is_untyped = false;  ///< bytes, of what dtype the tensors say
  std::string key, location;
  std::int64_t elements = 0;
  std::optional<Part> part;
};

/// From ('storage', class, key, location, elements), and before PyTorch 1.6 also None or (key, begin, elements).
StorageId read_storage_id(const Value& id, bool is_legacy);

/// Before PyTorch 1.6, a class of a whole model is ('module', class, file, source).
bool is_class_id(const Value& id);

/// The bytes that it takes; an Error where 64 bits cannot count them.
std::uint64_t storage_bytes(const StorageId& id);

}  // namespace ebb::io
