#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "ebb/io/bytes/bytes.h"

namespace ebb::io {

/// An open file. What it cannot do is an Error that names the path and says why.
class File {
 public:
  static File open_to_read(const std::string& path);
  /// A file that did not exist before. Its errors name it `named`.
  static File create(const std::string& path, const std::string& named);
  static File open_folder(const std::string& path);
  /// Another descriptor of the same open file.
  File duplicate() const;
  File(File&& other) noexcept;
  File& operator=(File&&) = delete;
  ~File();  ///< closes, in silence

  int descriptor() const { return descriptor_; }
  const std::string& path() const { return path_; }

  /// Fills `to` as far as the file reaches; the bytes read.
  std::size_t read(std::span<std::byte> to);
  void write(ByteView bytes);
  void set_mode(unsigned mode);
  /// As far as this process may: only root gives files away.
  void set_owner(unsigned user, unsigned group);

  enum class Lock { mine, others, unsupported };
  /// Takes the lock that one open file of all of the same name can have; its duplicates share it, and the last that is
  /// closed gives it back, as does the end of the process. Does not wait.
  Lock lock();
  /// Whether the file has no name any more.
  bool is_removed() const;
  void sync();
  /// Closes; what the system has to say about it is an Error.
  void close();

 private:
  File(const std::string& path, const std::string& named, int flags, unsigned mode);
  File(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}

  std::string path_;  // as messages have it
  int descriptor_;
  std::size_t written_ = 0;
};

/// The content of a file: mapped read-only where it is a plain one, read otherwise (a pipe, say). A file that another
/// process cuts short while it is mapped ends this one with SIGBUS, as with any mapping.
class FileContent {
 public:
  /// `reads_ahead`: all of it is wanted.
  explicit FileContent(const std::string& path, bool reads_ahead = true);
  FileContent(const FileContent&) = delete;
  FileContent& operator=(const FileContent&) = delete;
  ~FileContent();

  ByteView bytes() const { return bytes_; }

 private:
  ByteView bytes_;
  Bytes read_;
  void* mapping_ = nullptr;
};

/// The names in a folder, in no order; none where there is no such folder. A plain function, for the iterators of
/// std::filesystem end the program where memory runs out.
std::vector<std::string> file_names(const std::string& folder);

/// Reads the whole file into memory. An Error where it holds more than `limit` bytes.
Bytes read_file(const std::string& path, std::size_t limit = SIZE_MAX);

}  // namespace ebb::io
