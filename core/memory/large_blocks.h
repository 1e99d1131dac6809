#pragma once

#include <cstddef>
#include <vector>

namespace ebb::detail {

/// Blocks of whole pages, cut from segments of the system's memory. A request gets the smallest free piece that holds
/// it, if there is one of what was in use before; a freed block is joined with its free neighbours, so that what the
/// layers of one size leave behind serves those of any other. For one thread at a time.
class LargeBlocks {
 public:
  static constexpr std::size_t least = std::size_t{256} << 10, most = std::size_t{256} << 20;  // bytes worth it

  /// What a block for so many bytes takes.
  static std::size_t rounded(std::size_t bytes);

  /// A block of rounded(bytes), aligned to pages; null where no piece holds it, until a segment is added that does.
  void* take(std::size_t bytes) noexcept;
  void give_back(void* block, std::size_t bytes) noexcept;
  /// From new_segment(); false where there is no memory to remember it, and it is gone.
  bool add(void* segment, std::size_t bytes) noexcept;

  /// Bytes that are free and were in use before, all of which release() gives to the system.
  std::size_t cached() const { return cached_; }
  void release() noexcept;

  /// Memory from the system, of which nothing is there before it is written to: many blocks of `bytes` or only one,
  /// where there is room for no more; null where there is for none. `bytes` becomes its size.
  static void* new_segment(std::size_t& bytes) noexcept;

 private:
  struct Piece {
    std::byte* begin;
    std::size_t bytes, used;  // so many were in use before, from its beginning on

    std::byte* end() const { return begin + bytes; }
  };
  using Pieces = std::vector<Piece>;

  bool insert(Pieces::iterator at, const Piece& piece) noexcept;

  Pieces free_;  // by address
  std::size_t cached_ = 0;
};

}  // namespace ebb::detail
