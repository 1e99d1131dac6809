#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>

#include "ebb/io/load_options.h"
#include "ebb/io/pickle/storage_source.h"

namespace ebb::io {

/// Makes tensors of the storages in a file: each is read once, however many tensors see it. What finds and reads their
/// bytes is derived from this.
class StorageReader : public StorageSource {
 public:
  explicit StorageReader(const LoadOptions& options, std::endian order = std::endian::little)
      : options_(options), order_(order) {}

  /// A FileError where the file has more or fewer elements than the id says.
  Tensor find(const StorageId& id) final;

 protected:
  ~StorageReader() = default;

 private:
  /// How many bytes the file has for this key; a FileError where it has none.
  virtual std::uint64_t record_bytes(const std::string& key) const = 0;
  /// Fills `to`, which is of that size.
  virtual void read_record(const std::string& key, std::span<std::byte> to) const = 0;

  Tensor read(const StorageId& id) const;

  const LoadOptions& options_;
  std::endian order_;
  std::unordered_map<std::string, Tensor> storages_;
};

}  // namespace ebb::io
