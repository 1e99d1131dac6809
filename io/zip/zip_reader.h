#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "ebb/io/bytes/bytes.h"

namespace ebb::io {

/// One file of an archive.
struct ZipRecord {
  std::string name;        ///< without the root folder, where there is one
  ByteView content;        ///< as it lies in the archive
  std::uint64_t size = 0;  ///< once decompressed
  std::uint32_t crc = 0;
  bool is_deflated = false;
  std::uint64_t begin = 0, end = 0;  ///< what it takes of the archive, headers included
};

/// Whether all records lie in one folder, which is no part of their names then; such an archive must have some.
enum class ZipLayout { one_folder, flat };

/// Reads zip archives as PyTorch and NumPy write them: records stored or deflated. Strict where readers are
/// known to disagree: local headers must repeat what the directory says, names are unique, nothing overlaps.
class ZipReader {
 public:
  /// `archive` must outlive the reader. An Error where it is malformed.
  explicit ZipReader(ByteView archive, ZipLayout layout = ZipLayout::one_folder);

  const std::vector<ZipRecord>& records() const { return records_; }
  const ZipRecord* find(const std::string& name) const;  ///< null where absent
  /// Fills `to`, of record.size bytes, and checks the CRC.
  static void read(const ZipRecord& record, std::span<std::byte> to, bool check_crc = true);
  /// An Error for more than `limit` bytes.
  static Bytes read(const ZipRecord& record, std::uint64_t limit, bool check_crc = true);
  /// Of a record that is not deflated, where it lies.
  static void check_crc(const ZipRecord& record);
  /// What all deflated records take once they are inflated.
  std::uint64_t inflated_bytes() const;

 private:
  void strip_root();
  void index_names();
  void check_overlaps(std::uint64_t directory_begin) const;

  std::vector<ZipRecord> records_;
  std::unordered_map<std::string, std::size_t> places_;
};

}  // namespace ebb::io
