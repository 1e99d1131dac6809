#pragma once

#include <cstddef>
#include <string>

#include "ebb/io/bytes.h"

namespace ebb::io {

/// An open file. What it cannot do is an Error that names the path and says why.
class File {
 public:
  static File open_to_read(const std::string& path);
  /// A file that did not exist before.
  static File create(const std::string& path);
  static File open_folder(const std::string& path);
  File(File&& other) noexcept;
  File& operator=(File&&) = delete;
  ~File();  ///< closes, in silence

  int descriptor() const { return descriptor_; }
  const std::string& path() const { return path_; }

  /// Fills `to` as far as the file reaches; the bytes read.
  std::size_t read(std::span<std::byte> to);
  void write(ByteView bytes);
  void set_mode(unsigned mode);
  void sync();
  void close();

 private:
  File(const std::string& path, int flags, unsigned mode);

  std::string path_;
  int descriptor_;
  std::size_t written_ = 0;
};

/// The content of a file: mapped read-only where it is a plain one, read otherwise (a pipe, say). A file that another
/// process cuts short while it is mapped ends this one with SIGBUS, as with any mapping.
class FileContent {
 public:
  explicit FileContent(const std::string& path);
  FileContent(const FileContent&) = delete;
  FileContent& operator=(const FileContent&) = delete;
  ~FileContent();

  ByteView bytes() const { return bytes_; }

 private:
  ByteView bytes_;
  Bytes read_;
  void* mapping_ = nullptr;
};

/// Reads the whole file into memory. An Error where it holds more than `limit` bytes.
Bytes read_file(const std::string& path, std::size_t limit = SIZE_MAX);

}  // namespace ebb::io
