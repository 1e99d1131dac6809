#include "ebb/io/system/file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "ebb/io/system/system_calls.h"

namespace ebb::io {
namespace {

[[noreturn]] void fail_to(const char* action, const std::string& path) {
  const int reason = errno;
  fail<FileError>("cannot ", action, " ", path, ": ", std::strerror(reason));
}

struct stat status_of(const File& file) {
  struct stat status;
  if (system_calls::status(file.descriptor(), status) != 0) fail_to("look at", file.path());
  return status;
}

struct stat status_of_readable(const File& file) {
  const struct stat status = status_of(file);
  check<FileError>(!S_ISDIR(status.st_mode), "cannot read ", file.path(), ": it is a folder");
  return status;
}

Bytes read_all(File& file, std::size_t expected, std::size_t limit) {
  Bytes bytes;
  std::size_t filled = 0;
  for (std::size_t room = expected + 1;; room = std::max<std::size_t>(bytes.size(), 4096)) {
    bytes.resize(filled + room);
    const std::size_t count = file.read(std::span(bytes).subspan(filled));
    filled += count;
    check<FileError>(filled <= limit, "cannot read ", file.path(), ": it holds more than the ", limit,
                     " bytes that it may");
    if (count < room) break;
  }
  bytes.resize(filled);
  return bytes;
}

}  // namespace

File::File(const std::string& path, const std::string& named, int flags, unsigned mode)
    : path_(named), descriptor_(system_calls::open(path.c_str(), flags, mode)) {
  if (descriptor_ < 0) fail_to((flags & O_CREAT) != 0 ? "create" : "open", named);
}

File File::open_to_read(const std::string& path) { return File(path, path, O_RDONLY, 0); }
File File::create(const std::string& path, const std::string& named) {
  return File(path, named, O_WRONLY | O_CREAT | O_EXCL, 0666);
}
File File::open_folder(const std::string& path) { return File(path, path, O_RDONLY | O_DIRECTORY, 0); }

File::File(File&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)), written_(other.written_) {}

File::~File() {
  if (descriptor_ >= 0) system_calls::close(descriptor_);
}

std::size_t File::read(std::span<std::byte> to) {
  std::size_t filled = 0;
  while (filled < to.size()) {
    const ssize_t count = system_calls::read(descriptor_, to.data() + filled, to.size() - filled);
    if (count < 0) fail_to("read", path_);
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  return filled;
}

void File::write(ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t count = system_calls::write(descriptor_, bytes, written_);
    if (count < 0) fail_to("write", path_);
    written_ += static_cast<std::size_t>(count);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

void File::set_mode(unsigned mode) {
  if (system_calls::set_mode(descriptor_, mode) != 0) fail_to("set the permissions of", path_);
}

void File::set_owner(unsigned user, unsigned group) {
  if (system_calls::set_owner(descriptor_, user, group) != 0 && errno != EPERM) fail_to("set the owner of", path_);
}

File File::duplicate() const {
  const int descriptor = system_calls::duplicate(descriptor_);
  if (descriptor < 0) fail_to("open once more", path_);
  return File(path_, descriptor);
}

File::Lock File::lock() {
  if (system_calls::lock(descriptor_) == 0) return Lock::mine;
  return errno == EWOULDBLOCK ? Lock::others : Lock::unsupported;
}

bool File::is_removed() const { return status_of(*this).st_nlink == 0; }

void File::sync() {
  if (system_calls::sync(descriptor_) != 0) fail_to("flush to disk", path_);
}

void File::close() {
  if (system_calls::close(std::exchange(descriptor_, -1)) != 0) fail_to("close", path_);
}

FileContent::FileContent(const std::string& path, bool reads_ahead) {
  File file = File::open_to_read(path);
  const struct stat status = status_of_readable(file);
  const auto size = static_cast<std::size_t>(status.st_size);
  if (S_ISREG(status.st_mode) && size > 0) {
    mapping_ = system_calls::map(file.descriptor(), size, reads_ahead);
    if (mapping_ != nullptr) {
      bytes_ = {static_cast<const std::byte*>(mapping_), size};
      return;
    }
  }
  read_ = read_all(file, size, SIZE_MAX);
  bytes_ = read_;
}

FileContent::~FileContent() {
  if (mapping_ != nullptr) ::munmap(mapping_, bytes_.size());
}

std::vector<std::string> file_names(const std::string& folder) {
  std::vector<std::string> names;
  if (system_calls::list(folder.c_str(), names) != 0 && errno != ENOENT) fail_to("look into", folder);
  return names;
}

Bytes read_file(const std::string& path, std::size_t limit) {
  File file = File::open_to_read(path);
  const auto size = static_cast<std::size_t>(status_of_readable(file).st_size);
  check<FileError>(size <= limit, "cannot read ", path, ": it holds ", size, " bytes, more than the ", limit,
                   " that it may");
  return read_all(file, size, limit);
}

}  // namespace ebb::io
