#include "tests/support/files.h"

#include <cstdlib>
#include <fstream>

#include <stdlib.h>

namespace ebb::test {

namespace fs = std::filesystem;

std::string data_path(const std::string& name) {
  const char* folder = std::getenv("EBB_TEST_DATA");
  return (folder == nullptr ? "tests/vectors/" : std::string(folder) + "/") + name;
}

TemporaryFolder::TemporaryFolder() {
  std::string name = (fs::temp_directory_path() / "ebb-test-XXXXXX").string();
  check(::mkdtemp(name.data()) != nullptr, "cannot make a temporary folder");
  folder_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

std::size_t TemporaryFolder::file_count() const {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
}

void write_bytes(const std::string& path, io::ByteView bytes) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace ebb::test
