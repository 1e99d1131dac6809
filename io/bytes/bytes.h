#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "ebb/core/error.h"
#include "ebb/io/byte_view.h"

namespace ebb::io {

inline ByteView as_bytes(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }
inline std::string_view as_text(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

/// Appends the low `count` bytes of `value`, lowest first.
template <class Out>
void append_little(Out& out, std::uint64_t value, int count) {
  for (int i = 0; i < count; ++i) out.push_back(static_cast<typename Out::value_type>((value >> (8 * i)) & 0xffu));
}

/// Reads bytes from the front; every read past the end is an Error.
class ByteReader {
 public:
  /// `what` names the bytes in errors and must outlive the reader.
  ByteReader(ByteView bytes, const char* what) : bytes_(bytes), what_(what) {}

  std::size_t position() const { return position_; }
  std::size_t left() const { return bytes_.size() - position_; }

  ByteView take(std::size_t count) {
    check<FileError>(count <= left(), what_, ": ends at byte ", bytes_.size(), ", but ", count,
                     " bytes are needed from byte ", position_);
    const ByteView taken = bytes_.subspan(position_, count);
    position_ += count;
    return taken;
  }
  void skip(std::size_t count) { take(count); }

  std::uint8_t u8() { return static_cast<std::uint8_t>(little(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(little(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(little(4)); }
  std::uint64_t u64() { return little(8); }
  std::uint64_t big(int count) {
    std::uint64_t value = 0;
    for (const std::byte b : take(static_cast<std::size_t>(count))) value = value << 8 | std::to_integer<unsigned>(b);
    return value;
  }

 private:
  std::uint64_t little(int count) {
    const ByteView bytes = take(static_cast<std::size_t>(count));
    std::uint64_t value = 0;
    for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | std::to_integer<unsigned>(bytes[i]);
    return value;
  }

  ByteView bytes_;
  const char* what_;
  std::size_t position_ = 0;
};

}  // namespace ebb::io
