#pragma once

#include <cstdint>
#include <cstring>

#include "ebb/io/bytes/bytes.h"

namespace ebb::io {

/// Takes bits from bytes, lowest first, as DEFLATE packs them. Past the end it reads zeros, and `consume` of such a bit
/// is an Error.
class BitReader {
 public:
  explicit BitReader(ByteView bytes) : bytes_(bytes) {}

  /// The next `count` bits, at most 32, which stay.
  std::uint32_t peek(unsigned count) {
    if (available_ < count) refill();
    return static_cast<std::uint32_t>(bits_ & ((std::uint64_t{1} << count) - 1));
  }

  void consume(unsigned count) {
    check<FileError>(count <= available_, "compressed data: cut short at byte ", bytes_.size());
    bits_ >>= count;
    available_ -= count;
  }

  std::uint32_t take(unsigned count) {
    const std::uint32_t bits = peek(count);
    consume(count);
    return bits;
  }

  void drop_to_byte() { consume(available_ % 8); }
  /// Bytes used so far, the current one included.
  std::size_t position() const { return next_ - available_ / 8; }

  /// After drop_to_byte: the next `count` whole bytes.
  ByteView take_bytes(std::size_t count) {
    next_ = position();
    bits_ = 0;
    available_ = 0;
    check<FileError>(count <= bytes_.size() - next_, "compressed data: cut short at byte ", bytes_.size());
    const ByteView taken = bytes_.subspan(next_, count);
    next_ += count;
    return taken;
  }

 private:
  void refill() {
    while (available_ <= 56 && next_ < bytes_.size()) {
      bits_ |= std::to_integer<std::uint64_t>(bytes_[next_++]) << available_;
      available_ += 8;
    }
  }

  ByteView bytes_;
  std::size_t next_ = 0;  // the first byte that is not in bits_
  std::uint64_t bits_ = 0;
  unsigned available_ = 0;
};

}  // namespace ebb::io
