#include "ebb/io/zip/inflate.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "ebb/io/zip/bit_reader.h"
#include "ebb/io/zip/huffman.h"

namespace ebb::io {
namespace {

struct Range {
  std::uint16_t base;
  std::uint8_t extra_bits;
};

constexpr std::array<Range, 29> length_ranges{
    {{3, 0},  {4, 0},  {5, 0},  {6, 0},   {7, 0},   {8, 0},   {9, 0},   {10, 0},  {11, 1}, {13, 1},
     {15, 1}, {17, 1}, {19, 2}, {23, 2},  {27, 2},  {31, 2},  {35, 3},  {43, 3},  {51, 3}, {59, 3},
     {67, 4}, {83, 4}, {99, 4}, {115, 4}, {131, 5}, {163, 5}, {195, 5}, {227, 5}, {258, 0}}};

constexpr std::array<Range, 30> distance_ranges{
    {{1, 0},     {2, 0},     {3, 0},     {4, 0},      {5, 1},      {7, 1},     {9, 2},     {13, 2},
     {17, 3},    {25, 3},    {33, 4},    {49, 4},     {65, 5},     {97, 5},    {129, 6},   {193, 6},
     {257, 7},   {385, 7},   {513, 8},   {769, 8},    {1025, 9},   {1537, 9},  {2049, 10}, {3073, 10},
     {4097, 11}, {6145, 11}, {8193, 12}, {12289, 12}, {16385, 13}, {24577, 13}}};

struct Codes {
  HuffmanCode literals, distances;
};

class Inflater {
 public:
  Inflater(ByteView compressed, std::size_t limit, std::size_t expected)
      : bits_(compressed), limit_(limit), out_(std::min(expected, limit)) {}

  Inflated run() {
    for (bool is_last = false; !is_last;) {
      is_last = bits_.take(1) != 0;
      block(bits_.take(2));
    }
    bits_.drop_to_byte();
    out_.resize(size_);
    return {std::move(out_), bits_.position()};
  }

 private:
  void block(std::uint32_t type) {
    check<FileError>(type != 3, "compressed data: a block of the reserved type 3");
    if (type == 0) {
      stored();
    } else {
      compressed(type == 1 ? fixed_codes() : read_codes());
    }
  }

  void make_room(std::size_t bytes) {
    if (bytes <= out_.size() - size_) return;
    check<FileError>(bytes <= limit_ - size_, "compressed data: gives more than the ", limit_, " bytes it may");
    out_.resize(std::min(limit_, std::max(2 * out_.size(), size_ + bytes)));
  }

  void stored() {
    bits_.drop_to_byte();
    const std::uint32_t length = bits_.take(16), complement = bits_.take(16);
    check<FileError>((length ^ complement) == 0xffffu, "compressed data: the length of a stored block is damaged");
    make_room(length);
    const ByteView bytes = bits_.take_bytes(length);
    std::ranges::copy(bytes, out_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += length;
  }

  void compressed(const Codes& codes) {
    for (;;) {
      const unsigned symbol = codes.literals.decode(bits_);
      if (symbol == 256) return;
      if (symbol < 256) {
        make_room(1);
        out_[size_++] = static_cast<std::byte>(symbol);
      } else {
        copy_back(codes, symbol - 257);
      }
    }
  }

  void copy_back(const Codes& codes, unsigned length_symbol) {
    check<FileError>(length_symbol < length_ranges.size(), "compressed data: length symbol ", length_symbol + 257,
                     " has no meaning");
    const Range lengths = length_ranges[length_symbol];
    const std::size_t length = lengths.base + bits_.take(lengths.extra_bits);
    const unsigned distance_symbol = codes.distances.decode(bits_);
    check<FileError>(distance_symbol < distance_ranges.size(), "compressed data: distance symbol ", distance_symbol,
                     " has no meaning");
    const Range distances = distance_ranges[distance_symbol];
    const std::size_t distance = distances.base + bits_.take(distances.extra_bits);
    check<FileError>(distance <= size_, "compressed data: refers ", distance, " bytes back, but only ", size_,
                     " came before");
    make_room(length);
    std::byte* const to = out_.data() + size_;
    const std::byte* const from = to - distance;
    if (distance >= length) {
      std::memcpy(to, from, length);
    } else {
      for (std::size_t i = 0; i < length; ++i) to[i] = from[i];  // repeats what it has just written
    }
    size_ += length;
  }

  static const Codes& fixed_codes() {
    static const Codes codes = [] {
      std::array<std::uint8_t, 288> literals;
      std::fill_n(literals.begin(), 144, std::uint8_t{8});
      std::fill_n(literals.begin() + 144, 112, std::uint8_t{9});
      std::fill_n(literals.begin() + 256, 24, std::uint8_t{7});
      std::fill_n(literals.begin() + 280, 8, std::uint8_t{8});
      std::array<std::uint8_t, 32> distances;
      distances.fill(5);
      return Codes{HuffmanCode(literals, "literal"), HuffmanCode(distances, "distance")};
    }();
    return codes;
  }

  Codes read_codes() {
    const std::size_t literals = bits_.take(5) + 257, distances = bits_.take(5) + 1;
    check<FileError>(literals <= 286 && distances <= 30, "compressed data: a block declares ", literals,
                     " literal and ", distances, " distance codes; at most 286 and 30 are legal");
    const HuffmanCode length_code = read_length_code();
    const std::vector<std::uint8_t> lengths = read_lengths(length_code, literals + distances);
    check<FileError>(lengths[256] != 0, "compressed data: a block has no end-of-block code");
    return {HuffmanCode(std::span(lengths).first(literals), "literal"),
            HuffmanCode(std::span(lengths).subspan(literals), "distance")};
  }

  HuffmanCode read_length_code() {
    constexpr std::array<std::uint8_t, 19> order{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    std::array<std::uint8_t, 19> lengths{};
    const std::size_t count = bits_.take(4) + 4;
    for (std::size_t i = 0; i < count; ++i) lengths[order[i]] = static_cast<std::uint8_t>(bits_.take(3));
    return {lengths, "code length"};
  }

  std::vector<std::uint8_t> read_lengths(const HuffmanCode& code, std::size_t count) {
    std::vector<std::uint8_t> lengths;
    while (lengths.size() < count) {
      const unsigned symbol = code.decode(bits_);
      if (symbol < 16) {
        lengths.push_back(static_cast<std::uint8_t>(symbol));
        continue;
      }
      check<FileError>(symbol != 16 || !lengths.empty(), "compressed data: repeats a code length before the first one");
      const std::uint8_t value = symbol == 16 ? lengths.back() : std::uint8_t{0};
      const std::size_t times = symbol == 16   ? 3 + bits_.take(2)
                                : symbol == 17 ? 3 + bits_.take(3)
                                               : 11 + bits_.take(7);
      check<FileError>(times <= count - lengths.size(), "compressed data: more code lengths than the block declares");
      lengths.insert(lengths.end(), times, value);
    }
    return lengths;
  }

  BitReader bits_;
  std::size_t limit_;
  Bytes out_;  // room, of which size_ bytes are filled
  std::size_t size_ = 0;
};

}  // namespace

Inflated inflate(ByteView compressed, std::size_t limit, std::size_t expected) {
  constexpr std::size_t best_ratio = 1032;  // no DEFLATE stream expands more
  const bool is_plausible = expected / best_ratio <= compressed.size();
  return Inflater(compressed, limit, is_plausible ? expected : 0).run();
}

}  // namespace ebb::io
