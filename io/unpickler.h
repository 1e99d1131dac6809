#pragma once

#include <functional>
#include <string>

#include "ebb/core/value.h"
#include "ebb/io/bytes.h"

namespace ebb::io {

struct UnpickleOptions {
  /// The elements of the storage with this key, a tensor of one dimension; an Error where there is none such.
  std::function<Tensor(const std::string& key, DType dtype, std::int64_t elements)> find_storage;
  /// Keeps names that are not known as inert objects, where they are an Error otherwise.
  bool allow_opaque = false;
};

/// Reads a pickle of protocol 2 to 5 as PyTorch writes them, into plain values. Nothing is constructed or called. An
/// Error for whatever else: unknown names (all in one message), opcodes that PyTorch does not write, cycles, nesting
/// deeper than Value::max_depth, damage.
Value unpickle(ByteView stream, const UnpickleOptions& options);

}  // namespace ebb::io
