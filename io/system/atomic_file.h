#pragma once

#include <optional>
#include <string>

#include "ebb/io/system/file.h"

namespace ebb::io {

/// A file that appears whole or not at all: written beside its place under a temporary name, flushed to disk, then
/// renamed. Until commit() returns, whatever stood at the path still does; a failure removes the temporary file. What a
/// killed process left of one, the next that writes to the same path removes.
///
///     AtomicFile file("convnet.pth");
///     file.write(bytes);
///     file.commit();
class AtomicFile {
 public:
  /// A link at `path` is followed; the permissions and, where it may be, the owner of a file that is replaced are kept.
  explicit AtomicFile(const std::string& path);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  void write(ByteView bytes) { file_->write(bytes); }
  void commit();

 private:
  void create();
  void discard() noexcept;

  std::string path_, temporary_;
  std::optional<File> file_;
};

}  // namespace ebb::io
