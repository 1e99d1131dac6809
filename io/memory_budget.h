#pragma once

#include <algorithm>
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

  /// For a file of this size: as much again, and 48 MB. A tensor of few elements takes some 2500 bytes, which is more
  /// than PyTorch takes to write it, so each storage allows for that, within bounds.
  static constexpr std::uint64_t of_file(std::uint64_t bytes, std::uint64_t storages = 0) {
    return bytes + (std::uint64_t{48} << 20) + std::min(storages * 2560, 16 * bytes);
  }

  explicit MemoryBudget(std::uint64_t bytes) : bytes_(bytes) {}

  void charge(std::uint64_t bytes) {
    check(bytes <= bytes_ - used_, "its values would take more memory than the ", bytes_,
          " bytes that a file of this size may");
    used_ += bytes;
  }

 private:
  std::uint64_t bytes_, used_ = 0;
};

}  // namespace ebb::io
