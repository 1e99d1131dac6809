#pragma once

#include <cstddef>

#include <sys/types.h>

#include "ebb/io/bytes.h"

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
int rename(const char* from, const char* to);

}  // namespace ebb::io::system_calls
