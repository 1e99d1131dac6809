#pragma once

#include "ebb/core/value/value.h"
#include "ebb/io/bytes/bytes.h"
#include "ebb/io/load_options.h"
#include "ebb/io/pickle/storage_source.h"

namespace ebb::io {

struct UnpickleOptions {
  /// Without one, no tensors may stand in the pickle.
  StorageSource* storages = nullptr;
  /// Keeps names that are not known as inert objects, where they are an Error otherwise.
  bool allow_opaque = false;
  /// Persistent ids are those of PyTorch before 1.6.
  bool is_legacy = false;
  StringEncoding encoding = StringEncoding::utf8;
  std::vector<Global>* imports = nullptr;  ///< as LoadOptions says
  /// What the values may take, without the storages; 0 for as much as the stream, and 48 MB.
  std::uint64_t most_bytes = 0;
};

/// Reads a pickle of protocol 2 to 5 as PyTorch writes them, into plain values. Nothing is constructed or called. A
/// FileError for whatever else: unknown names (all in one message), opcodes that PyTorch does not write, cycles,
/// nesting deeper than Value::max_depth, damage, bytes after its end.
Value unpickle(ByteView stream, const UnpickleOptions& options = {});

struct Unpickled {
  Value value;
  std::size_t bytes;  ///< that the pickle takes
};

/// As unpickle, where more may follow.
Unpickled unpickle_front(ByteView stream, const UnpickleOptions& options = {});

}  // namespace ebb::io
