#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "ebb/io/bytes/bytes.h"

namespace ebb::io {

/// Writes a zip archive byte by byte as PyTorch lays it out: records stored in one folder, or in none, their data
/// aligned to 64 bytes. Equal records give equal bytes: there are no times, no versions, no hashes.
class ZipWriter {
 public:
  using Sink = std::function<void(ByteView)>;

  /// `root`: the folder; "" for none.
  ZipWriter(Sink sink, const std::string& root) : sink_(std::move(sink)), root_(root.empty() ? "" : root + "/") {}

  void add(const std::string& name, ByteView content);
  /// Writes the directory; nothing may be added after.
  void finish();

  static constexpr std::uint64_t alignment = 64;

 private:
  struct Entry {
    std::string name;
    std::uint32_t crc;
    std::uint64_t size, offset;
  };

  void put(ByteView bytes);
  void put_local_header(const Entry& entry);
  void put_descriptor(const Entry& entry);
  void put_central_header(const Entry& entry);
  void put_end(std::uint64_t directory_begin);

  Sink sink_;
  std::string root_;  // what all names begin with
  std::uint64_t position_ = 0;
  std::vector<Entry> entries_;
};

}  // namespace ebb::io
