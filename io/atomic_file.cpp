#include "ebb/io/atomic_file.h"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include <sys/stat.h>
#include <unistd.h>

#include "ebb/io/system_calls.h"

namespace ebb::io {
namespace {

namespace fs = std::filesystem;

std::string resolve_link(const std::string& path) {
  std::error_code ignored;
  if (!fs::is_symlink(path, ignored)) return path;
  const fs::path target = fs::weakly_canonical(path, ignored);
  return target.empty() ? path : target.string();
}

std::string folder_of(const std::string& path) {
  const fs::path folder = fs::path(path).parent_path();
  return folder.empty() ? "." : folder.string();
}

std::string temporary_name(const std::string& path) {
  static std::atomic<unsigned> count = 0;
  return path + ".tmp-" + std::to_string(::getpid()) + "-" + std::to_string(count++);
}

}  // namespace

AtomicFile::AtomicFile(const std::string& path) : path_(resolve_link(path)), temporary_(temporary_name(path_)) {
  struct stat old;
  const bool replaces = ::stat(path_.c_str(), &old) == 0;
  check(!replaces || S_ISREG(old.st_mode), "cannot write ", path_, ": something that is no file has this name");
  file_.emplace(File::create(temporary_));
  try {
    if (replaces) file_->set_mode(old.st_mode & 07777u);
  } catch (...) {
    ::unlink(temporary_.c_str());
    throw;
  }
}

AtomicFile::~AtomicFile() {
  if (file_) ::unlink(temporary_.c_str());
}

void AtomicFile::commit() {
  file_->sync();
  file_->close();
  if (system_calls::rename(temporary_.c_str(), path_.c_str()) != 0) {
    const int reason = errno;
    fail("cannot rename ", temporary_, " to ", path_, ": ", std::strerror(reason));
  }
  file_.reset();
  File folder = File::open_folder(folder_of(path_));
  folder.sync();
}

}  // namespace ebb::io
