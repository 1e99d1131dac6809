#pragma once

#include <filesystem>
#include <string>

#include "ebb/core/error.h"
#include "ebb/io/bytes/bytes.h"
#include "ebb/io/system/file.h"

namespace ebb::test {

/// The path of a file in tests/vectors.
std::string data_path(const std::string& name);

/// A folder of its own, removed with what is in it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::size_t file_count() const;

 private:
  std::filesystem::path folder_;
};

void write_bytes(const std::string& path, io::ByteView bytes);

/// Whether `body` returned; false where it threw our Error. Whatever else it throws passes.
template <class Body>
bool succeeds(Body body) {
  try {
    body();
    return true;
  } catch (const Error&) {
    return false;
  }
}

/// The message of the Error that `body` throws; "" where it throws none.
template <class Body>
std::string message_of(Body body) {
  try {
    body();
    return "";
  } catch (const Error& error) {
    return error.message();
  }
}

}  // namespace ebb::test
