#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace ebb::io {

/// What the system is to do wrong in this thread's file calls: for tests.
struct FileFaults {
  std::size_t longest_transfer = SIZE_MAX;  ///< a read or write moves at most this many bytes
  int interrupt_every = 0;                  ///< each n-th read or write is interrupted (EINTR) first; 0 for none
  std::size_t full_at = SIZE_MAX;           ///< a file of more bytes than this does not fit the disk (ENOSPC)
  int fail_call = 0;                        ///< the n-th call to the system fails; 0 for none
  int fail_with = EIO;                      ///< with this errno

  int calls = 0;      ///< counted: calls to the system so far
  int transfers = 0;  ///< counted: reads and writes so far
};

/// Those of the calling thread.
FileFaults& file_faults();

}  // namespace ebb::io
