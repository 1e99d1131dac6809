#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <sys/stat.h>
#include <sys/types.h>

#include "ebb/io/bytes/bytes.h"

/// The calls that io makes to the system, each in one place: they meet the injected faults here, and return -1 with
/// errno set where they fail. Interrupted ones are repeated.
namespace ebb::io::system_calls {

int open(const char* path, int flags, mode_t mode = 0);
int close(int file);
ssize_t read(int file, std::byte* to, std::size_t count);
/// `at`: bytes written to the file before these.
ssize_t write(int file, ByteView bytes, std::size_t at);
int sync(int file);
int set_mode(int file, mode_t mode);
int set_owner(int file, uid_t user, gid_t group);
int status(int file, struct stat& status);
int status(const char* path, struct stat& status);
int rename(const char* from, const char* to);
int remove(const char* path);
/// Appends the names in a folder, but for "." and "..".
int list(const char* folder, std::vector<std::string>& names);
/// Read-only; null where it fails.
void* map(int file, std::size_t size, bool reads_ahead);
int duplicate(int file);
/// Asks for the lock of an open file without waiting for it.
int lock(int file);

}  // namespace ebb::io::system_calls
