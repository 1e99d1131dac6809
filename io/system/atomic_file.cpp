#include "ebb/io/system/atomic_file.h"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include <unistd.h>

#include "ebb/io/system/system_calls.h"

namespace ebb::io {
namespace {

namespace fs = std::filesystem;

/// What a link stands for, whether that exists or not.
std::string resolve_link(const std::string& path) {
  constexpr int most_links = 40;  // as Linux follows
  fs::path at = path;
  std::error_code ignored;
  for (int links = 0; fs::is_symlink(at, ignored); ++links) {
    check<FileError>(links < most_links, "cannot write ", path, ": it is a link in a circle of links");
    at = at.parent_path() / fs::read_symlink(at, ignored);  // an absolute target stands alone
  }
  return at.string();
}

std::string folder_of(const std::string& path) {
  const fs::path folder = fs::path(path).parent_path();
  return folder.empty() ? "." : folder.string();
}

/// Before what makes it unique.
std::string temporary_prefix(const std::string& path) { return path + ".tmp-"; }

std::string temporary_name(const std::string& path) {
  static std::atomic<unsigned> count = 0;
  return temporary_prefix(path) + std::to_string(::getpid()) + "-" + std::to_string(count++);
}

void remove_if_abandoned(const std::string& temporary) {
  try {
    File file = File::open_to_read(temporary);
    if (file.lock() == File::Lock::mine) system_calls::remove(temporary.c_str());
  } catch (const Error&) {  // someone else has removed it
  }
}

void remove_abandoned(const std::string& path) {
  const fs::path prefix = temporary_prefix(path);
  try {
    for (const std::string& name : file_names(folder_of(path))) {
      if (name.starts_with(prefix.filename().string())) remove_if_abandoned(prefix.parent_path() / name);
    }
  } catch (const Error&) {  // the folder can be written to, but not read
  }
}

}  // namespace

AtomicFile::AtomicFile(const std::string& path) : path_(resolve_link(path)) {
  struct stat old;
  const bool replaces = system_calls::status(path_.c_str(), old) == 0;
  check<FileError>(replaces || errno == ENOENT, "cannot write ", path_, ": ", std::strerror(errno));
  check<FileError>(!replaces || S_ISREG(old.st_mode), "cannot write ", path_,
                   ": something that is no file has this name");
  remove_abandoned(path_);
  try {
    create();
    if (!replaces) return;
    file_->set_owner(old.st_uid, old.st_gid);
    file_->set_mode(old.st_mode & 07777u);
  } catch (...) {
    discard();
    throw;
  }
}

/// Until it is locked, the new file may be taken for an abandoned one: then there has to be another.
void AtomicFile::create() {
  do {
    temporary_ = temporary_name(path_);
    file_.emplace(File::create(temporary_, path_));
  } while (file_->lock() == File::Lock::others || file_->is_removed());
}

AtomicFile::~AtomicFile() { discard(); }

void AtomicFile::discard() noexcept {
  if (file_) system_calls::remove(temporary_.c_str());
  file_.reset();
}

void AtomicFile::commit() {
  const File lock = file_->duplicate();  // up to the renaming
  file_->sync();
  file_->close();
  if (system_calls::rename(temporary_.c_str(), path_.c_str()) != 0) {
    const int reason = errno;
    fail<FileError>("cannot put the new file in place as ", path_, ": ", std::strerror(reason));
  }
  file_.reset();
  File folder = File::open_folder(folder_of(path_));
  folder.sync();
}

}  // namespace ebb::io
