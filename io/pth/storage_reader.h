#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <unordered_map>

#include "ebb/io/map_location.h"
#include "ebb/io/pickle/storage_id.h"

namespace ebb::io {

/// The bytes of a storage, as they lie in a file.
struct StorageRecord {
  std::uint64_t bytes = 0;
  std::function<void(std::span<std::byte>)> read;  ///< fills all of them, or throws
};

/// Makes tensors of the storages in a file: each is read once, however many tensors see it.
class StorageReader {
 public:
  /// An Error where the file has none.
  using Find = std::function<StorageRecord(const std::string& key)>;

  StorageReader(Find find, const MapLocation& locations, bool swaps_bytes = false)
      : find_(std::move(find)), locations_(locations), swaps_bytes_(swaps_bytes) {}

  /// Its elements, a tensor of one dimension. An Error where the file has more or fewer.
  Tensor find(const StorageId& id);

 private:
  Tensor read(const StorageId& id) const;

  Find find_;
  const MapLocation& locations_;
  bool swaps_bytes_;
  std::unordered_map<std::string, Tensor> storages_;
};

}  // namespace ebb::io
