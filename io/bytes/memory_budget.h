#pragma once

#include <cstdint>

#include "ebb/core/error.h"

namespace ebb::io {

/// Counts what values take, so that a small file cannot fill the memory. The figures are those of glibc's heap.
class MemoryBudget {
 public:
  static constexpr std::uint64_t slot = 72;  ///< of a vector that grows, at the moment when it does
  static constexpr std::uint64_t item = 64;  ///< of a list
  static constexpr std::uint64_t entry = 160, memo_entry = 80;
  static constexpr std::uint64_t named_tensor = 700;  ///< of no elements, and the places that find it by name
  static constexpr std::uint64_t text = 80, sequence = 80, dict = 192, object = 320, storage = 512;

  /// What the caller of a loader asked for; for 0 what a file of this size may take: as much again, and 48 MB.
  static constexpr std::uint64_t of_file(std::uint64_t bytes, std::uint64_t asked = 0) {
    return asked > 0 ? asked : bytes + (std::uint64_t{48} << 20);
  }

  /// `advice`: the end of the error, why no more is allowed or how to allow it.
  explicit MemoryBudget(std::uint64_t bytes, const char* advice = ", by the size of the file")
      : bytes_(bytes), advice_(advice) {}

  void charge(std::uint64_t bytes) {
    check<FileError>(bytes <= bytes_ - used_, "its values would take more memory than the ", bytes_,
                     " bytes that they may", advice_);
    used_ += bytes;
  }

 private:
  std::uint64_t bytes_, used_ = 0;
  const char* advice_;
};

}  // namespace ebb::io
