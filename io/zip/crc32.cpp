#include "ebb/io/zip/crc32.h"

#include <array>
#include <bit>
#include <cstring>

namespace ebb::io {
namespace {

using Table = std::array<std::uint32_t, 256>;

constexpr Table first_table() {
  Table table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t remainder = i;
    for (int bit = 0; bit < 8; ++bit) remainder = (remainder >> 1) ^ ((remainder & 1u) != 0 ? 0xedb88320u : 0u);
    table[i] = remainder;
  }
  return table;
}

/// tables[k][b]: what byte b adds to the remainder when k more bytes follow it.
constexpr std::array<Table, 8> make_tables() {
  std::array<Table, 8> tables{first_table()};
  for (std::size_t k = 1; k < tables.size(); ++k) {
    for (std::size_t i = 0; i < 256; ++i) {
      const std::uint32_t before = tables[k - 1][i];
      tables[k][i] = (before >> 8) ^ tables[0][before & 0xffu];
    }
  }
  return tables;
}

constexpr std::array<Table, 8> tables = make_tables();

std::uint64_t load_little(const std::byte* bytes) {
  std::uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  return std::endian::native == std::endian::little ? word : __builtin_bswap64(word);
}

std::uint32_t append(std::uint32_t remainder, ByteView bytes) {
  const std::byte* next = bytes.data();
  const std::byte* const end = next + bytes.size();
  for (; end - next >= 8; next += 8) {
    const std::uint64_t word = load_little(next) ^ remainder;
    remainder = 0;
    for (std::size_t i = 0; i < 8; ++i) remainder ^= tables[7 - i][(word >> (8 * i)) & 0xffu];
  }
  for (; next != end; ++next) {
    remainder = (remainder >> 8) ^ tables[0][(remainder ^ std::to_integer<std::uint32_t>(*next)) & 0xffu];
  }
  return remainder;
}

}  // namespace

std::uint32_t crc32(ByteView bytes, std::uint32_t crc) {
  static const Crc32Folder* const best = crc32_folders().empty() ? nullptr : &crc32_folders().front();
  return crc32_by(best, bytes, crc);
}

std::uint32_t crc32_by(const Crc32Folder* folder, ByteView bytes, std::uint32_t crc) {
  std::uint32_t remainder = ~crc;
  if (folder != nullptr && bytes.size() >= folder->least) {
    const Folded folded = folder->fold(bytes, remainder);
    remainder = append(0, folded.bytes);
    bytes = bytes.subspan(folded.consumed);
  }
  return ~append(remainder, bytes);
}

}  // namespace ebb::io
