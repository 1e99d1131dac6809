#include "ebb/io/system/system_calls.h"

#include <algorithm>
#include <memory>
#include <string_view>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ebb/io/system/file_faults.h"

namespace ebb::io {

FileFaults& file_faults() {
  static thread_local FileFaults faults;
  return faults;
}

namespace system_calls {
namespace {

bool fails_now() {
  FileFaults& faults = file_faults();
  if (++faults.calls != faults.fail_call) return false;
  errno = faults.fail_with;
  return true;
}

bool is_interrupted() {
  FileFaults& faults = file_faults();
  ++faults.transfers;
  if (faults.interrupt_every == 0 || faults.transfers % faults.interrupt_every != 0) return false;
  errno = EINTR;
  return true;
}

template <class Call>
auto repeat_interrupted(Call call) -> decltype(call()) {
  for (;;) {
    const auto result = call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

}  // namespace

int open(const char* path, int flags, mode_t mode) {
  if (fails_now()) return -1;
  return repeat_interrupted([&] { return ::open(path, flags | O_CLOEXEC, mode); });
}

// Not repeated: Linux has closed the file even where it reports an interruption.
int close(int file) {
  const bool fails = fails_now();
  const int result = ::close(file);
  if (fails) errno = file_faults().fail_with;
  return fails || (result != 0 && errno != EINTR) ? -1 : 0;
}

ssize_t read(int file, std::byte* to, std::size_t count) {
  if (fails_now()) return -1;
  const std::size_t part = std::min(count, file_faults().longest_transfer);
  return repeat_interrupted([&] { return is_interrupted() ? ssize_t{-1} : ::read(file, to, part); });
}

ssize_t write(int file, ByteView bytes, std::size_t at) {
  if (fails_now()) return -1;
  const FileFaults& faults = file_faults();
  const std::size_t room = faults.full_at - std::min(at, faults.full_at);
  const std::size_t part = std::min({bytes.size(), faults.longest_transfer, room});
  if (part == 0 && !bytes.empty()) {
    errno = ENOSPC;
    return -1;
  }
  return repeat_interrupted([&] { return is_interrupted() ? ssize_t{-1} : ::write(file, bytes.data(), part); });
}

int sync(int file) {
  if (fails_now()) return -1;
  return repeat_interrupted([&] { return ::fsync(file); });
}

int set_mode(int file, mode_t mode) { return fails_now() ? -1 : ::fchmod(file, mode); }

int set_owner(int file, uid_t user, gid_t group) { return fails_now() ? -1 : ::fchown(file, user, group); }

int status(int file, struct stat& status) { return fails_now() ? -1 : ::fstat(file, &status); }

int status(const char* path, struct stat& status) { return fails_now() ? -1 : ::stat(path, &status); }

int rename(const char* from, const char* to) { return fails_now() ? -1 : ::rename(from, to); }

int remove(const char* path) { return fails_now() ? -1 : ::unlink(path); }

int list(const char* folder, std::vector<std::string>& names) {
  if (fails_now()) return -1;
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::opendir(folder), ::closedir);
  if (stream == nullptr) return -1;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(stream.get());
    if (entry == nullptr) return errno == 0 ? 0 : -1;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
}

void* map(int file, std::size_t size, bool reads_ahead) {
  if (fails_now()) return nullptr;
  void* mapping = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE | (reads_ahead ? MAP_POPULATE : 0), file, 0);
  return mapping == MAP_FAILED ? nullptr : mapping;
}

int duplicate(int file) { return fails_now() ? -1 : ::fcntl(file, F_DUPFD_CLOEXEC, 0); }

int lock(int file) {
  if (fails_now()) return -1;
  return repeat_interrupted([&] { return ::flock(file, LOCK_EX | LOCK_NB); });
}

}  // namespace system_calls
}  // namespace ebb::io
