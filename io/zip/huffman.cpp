#include "ebb/io/zip/huffman.h"

#include "ebb/io/zip/bit_reader.h"

namespace ebb::io {

HuffmanCode::HuffmanCode(std::span<const std::uint8_t> lengths, const char* what) : what_(what) {
  for (const std::uint8_t length : lengths) ++counts_[length];
  const std::size_t used = lengths.size() - counts_[0];
  counts_[0] = 0;
  int unused = 1;  // codes of the present length that are still free
  for (unsigned length = 1; length <= longest; ++length) {
    unused = unused * 2 - counts_[length];
    check<FileError>(unused >= 0, "compressed data: the ", what, " code is over-subscribed");
  }
  const bool may_be_incomplete = used == 0 || (used == 1 && counts_[1] == 1);
  check<FileError>(unused == 0 || may_be_incomplete, "compressed data: the ", what, " code is incomplete");

  std::array<std::uint16_t, longest + 2> first{};
  for (unsigned length = 1; length <= longest; ++length) {
    first[length + 1] = static_cast<std::uint16_t>(first[length] + counts_[length]);
  }
  for (std::size_t symbol = 0; symbol < lengths.size(); ++symbol) {
    if (lengths[symbol] != 0) symbols_[first[lengths[symbol]]++] = static_cast<std::uint16_t>(symbol);
  }
  fill_fast(lengths);
}

static unsigned reverse(unsigned code, unsigned length) {
  unsigned reversed = 0;
  for (unsigned i = 0; i < length; ++i) reversed |= ((code >> i) & 1u) << (length - 1 - i);
  return reversed;
}

// The bits of a code come highest first, those of the table's index lowest first.
void HuffmanCode::fill_fast(std::span<const std::uint8_t> lengths) {
  unsigned code = 0;
  std::size_t next = 0;
  for (unsigned length = 1; length <= fast_bits; ++length, code <<= 1) {
    for (unsigned i = 0; i < counts_[length]; ++i, ++code) {
      const unsigned symbol = symbols_[next++];
      const auto entry = static_cast<std::uint16_t>(symbol << 4 | lengths[symbol]);
      for (unsigned index = reverse(code, length); index < fast_.size(); index += 1u << length) fast_[index] = entry;
    }
  }
}

unsigned HuffmanCode::decode(BitReader& bits) const {
  const unsigned entry = fast_[bits.peek(fast_bits)];
  if (entry == 0) return decode_slowly(bits);
  bits.consume(entry & 15u);
  return entry >> 4;
}

unsigned HuffmanCode::decode_slowly(BitReader& bits) const {
  const std::uint32_t ahead = bits.peek(longest);
  unsigned code = 0, first = 0, index = 0;
  for (unsigned length = 1; length <= longest; ++length) {
    code = code << 1 | ((ahead >> (length - 1)) & 1u);
    if (code < first + counts_[length]) {
      bits.consume(length);
      return symbols_[index + code - first];
    }
    index += counts_[length];
    first = (first + counts_[length]) << 1;
  }
  fail<FileError>("compressed data: bits that are no ", what_, " code");
}

}  // namespace ebb::io
