#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace ebb::io {

class BitReader;

/// A canonical Huffman code of DEFLATE, decoded by one look at a table for codes of up to `fast_bits` bits, and bit by
/// bit beyond.
class HuffmanCode {
 public:
  /// The length of each symbol's code, 0 for none. An Error where the lengths over-subscribe the code, or leave it
  /// incomplete (a lone code of one bit is legal, RFC 1951 3.2.7). `what` names it in errors.
  HuffmanCode(std::span<const std::uint8_t> lengths, const char* what);

  unsigned decode(BitReader& bits) const;

 private:
  static constexpr unsigned longest = 15;
  static constexpr unsigned fast_bits = 10;

  void fill_fast(std::span<const std::uint8_t> lengths);
  unsigned decode_slowly(BitReader& bits) const;

  std::array<std::uint16_t, longest + 1> counts_{};    // codes of each length
  std::array<std::uint16_t, 288> symbols_{};           // in order of their codes
  std::array<std::uint16_t, 1u << fast_bits> fast_{};  // symbol << 4 | length; 0 where the code is longer
  const char* what_;
};

}  // namespace ebb::io
