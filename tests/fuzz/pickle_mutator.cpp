#include "tests/fuzz/pickle_mutator.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "ebb/io/pickle/pickle_opcodes.h"

namespace ebb::fuzz {
namespace {

using namespace std::string_view_literals;
namespace opcode = io::opcode;

constexpr std::array snippets{"N"sv,
                              "\x88"sv,
                              "K\0"sv,
                              "K\1"sv,
                              "J\xff\xff\xff\xff"sv,
                              "M\0\1"sv,
                              "\x8a\0"sv,
                              "\x8a\x08\0\0\0\0\0\0\0\x80"sv,
                              "\x8a\x09\0\0\0\0\0\0\0\0\1"sv,
                              "G\x7f\xf8\0\0\0\0\0\0"sv,
                              "X\0\0\0\0"sv,
                              "X\1\0\0\0w"sv,
                              "X\7\0\0\0storage"sv,
                              "X\3\0\0\0cpu"sv,
                              "X\1\0\0\0000"sv,
                              "X\x0a\0\0\0_modules"sv,
                              "("sv,
                              "t"sv,
                              ")"sv,
                              "\x85"sv,
                              "\x86"sv,
                              "\x87"sv,
                              "]"sv,
                              "a"sv,
                              "e"sv,
                              "}"sv,
                              "s"sv,
                              "u"sv,
                              "\x8f"sv,
                              "\x90"sv,
                              "q\0"sv,
                              "h\0"sv,
                              "h\1"sv,
                              "r\xff\xff\xff\xff"sv,
                              "j\0\0\0\0"sv,
                              "\x94"sv,
                              "0"sv,
                              "1"sv,
                              "R"sv,
                              "\x81"sv,
                              "b"sv,
                              "Q"sv,
                              "\x93"sv,
                              "\x91"sv,
                              "\x92"sv,
                              "\x8b\2\0\0\0\0\1"sv,
                              "\x8e\1\0\0\0\0\0\0\0w"sv,
                              "\x96\1\0\0\0\0\0\0\0w"sv,
                              "U\1\xff"sv,
                              "T\1\0\0\0w"sv,
                              "cnumpy\ndtype\n"sv,
                              "cnumpy._core.multiarray\nscalar\n"sv,
                              "cnumpy._core.multiarray\n_reconstruct\n"sv,
                              "ctorch._tensor\n_rebuild_from_type_v2\n"sv,
                              "ctorch\nTensor\n"sv,
                              "ctorch\ncomplex32\n"sv,
                              "\x95\0\0\0\0\0\0\0\0"sv,
                              "ctorch\nFloatStorage\n"sv,
                              "ctorch\nBoolStorage\n"sv,
                              "ctorch.storage\nUntypedStorage\n"sv,
                              "ctorch._utils\n_rebuild_tensor_v2\n"sv,
                              "ctorch._utils\n_rebuild_tensor_v3\n"sv,
                              "ctorch\nfloat32\n"sv,
                              "ctorch\nuint16\n"sv,
                              "ctorch._utils\n_rebuild_parameter\n"sv,
                              "ccollections\nOrderedDict\n)R"sv,
                              "ccollections\nCounter\n"sv,
                              "c_codecs\nencode\n"sv,
                              "c__builtin__\nset\n"sv,
                              "c__builtin__\nint\n"sv,
                              "cevil\nname\n"sv,
                              "c__main__\nNet\n)\x81"sv,
                              "C\1x"sv,
                              "B\0\0\0\0"sv};

std::uint64_t little(std::string_view bytes, std::size_t width) {
  std::uint64_t value = 0;
  for (std::size_t i = std::min(width, bytes.size()); i-- > 0;)
    value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

/// The bytes of a length that the opcode begins its argument with; 0 for none.
std::size_t length_width(std::uint8_t code) {
  switch (code) {
    case opcode::text1:
    case opcode::string1:
    case opcode::bytes1:
    case opcode::long1:
      return 1;
    case opcode::text4:
    case opcode::bytes4:
      return 4;
    case opcode::text8:
      return 8;
    default:
      return 0;
  }
}

std::size_t fixed_size(std::uint8_t code) {
  switch (code) {
    case opcode::protocol:
    case opcode::int1:
    case opcode::put1:
    case opcode::get1:
      return 1;
    case opcode::int2:
      return 2;
    case opcode::int4:
    case opcode::put4:
    case opcode::get4:
      return 4;
    case opcode::real:
    case opcode::frame:
      return 8;
    default:
      return 0;
  }
}

std::size_t lines_size(std::string_view bytes) {
  const std::size_t first = bytes.find('\n');
  const std::size_t second = first == std::string_view::npos ? first : bytes.find('\n', first + 1);
  return second == std::string_view::npos ? bytes.size() : second + 1;
}

/// The bytes of the opcode at the front and of what it is given.
std::size_t opcode_size(std::string_view bytes) {
  const auto code = static_cast<std::uint8_t>(bytes[0]);
  const std::string_view argument = bytes.substr(1);
  if (code == opcode::global) return 1 + lines_size(argument);
  const std::size_t width = length_width(code);
  if (width == 0) return std::min(bytes.size(), 1 + fixed_size(code));
  const std::uint64_t length = little(argument, width);
  return length > bytes.size() ? bytes.size() : std::min<std::size_t>(bytes.size(), 1 + width + length);
}

std::vector<std::string> split(std::string_view bytes) {
  std::vector<std::string> opcodes;
  while (!bytes.empty()) {
    opcodes.emplace_back(bytes.substr(0, opcode_size(bytes)));
    bytes.remove_prefix(opcodes.back().size());
    if (opcodes.back()[0] == static_cast<char>(opcode::stop)) break;
  }
  return opcodes;
}

/// Changes what an opcode is given; where it has a length, that follows.
void mutate_argument(std::string& code) {
  const std::size_t width = length_width(static_cast<std::uint8_t>(code[0]));
  if (code.size() <= 1 + width) return;
  const io::ByteView argument = io::as_bytes(std::string_view(code).substr(1 + width));
  io::Bytes bytes(argument.begin(), argument.end());
  mutate_blindly(bytes);
  if (width == 0) bytes.resize(argument.size());
  if (width == 1) bytes.resize(std::min<std::size_t>(bytes.size(), 255));
  code.resize(1);
  io::append_little(code, bytes.size(), static_cast<int>(width));
  code += io::as_text(bytes);
}

void mutate_once(std::vector<std::string>& codes, Random& random) {
  const std::size_t at = pick(random, codes.size());
  const auto place = codes.begin() + static_cast<std::ptrdiff_t>(at);
  switch (pick(random, 6)) {
    case 0:
      codes.erase(place);
      break;
    case 1:
      codes.insert(place, codes[pick(random, codes.size())]);
      break;
    case 2:
      std::swap(codes[at], codes[pick(random, codes.size())]);
      break;
    case 3:
      mutate_argument(codes[at]);
      break;
    case 4: {
      const std::size_t count = std::min(codes.size() - at, pick(random, 16) + 1);
      const std::vector<std::string> run(place, place + static_cast<std::ptrdiff_t>(count));
      codes.insert(codes.begin() + static_cast<std::ptrdiff_t>(pick(random, codes.size())), run.begin(), run.end());
      break;
    }
    default:
      codes.insert(place, std::string(snippets[pick(random, snippets.size())]));
  }
  if (codes.empty()) codes.emplace_back("N");
}

}  // namespace

std::size_t pickle_size(io::ByteView bytes) {
  std::size_t size = 0;
  for (const std::string& code : split(io::as_text(bytes))) size += code.size();
  return size;
}

void mutate_pickle(io::Bytes& pickle, Random& random) {
  std::vector<std::string> codes = split(io::as_text(pickle));
  if (!codes.empty() && codes.front()[0] == static_cast<char>(opcode::protocol)) codes.erase(codes.begin());
  if (!codes.empty() && codes.back()[0] == static_cast<char>(opcode::stop)) codes.pop_back();
  if (codes.empty()) codes.emplace_back("N");
  for (std::size_t times = pick(random, 3) + 1; times > 0; --times) mutate_once(codes, random);
  std::string text = "\x80\2";
  for (const std::string& code : codes) text += code;
  text += '.';
  const io::ByteView bytes = io::as_bytes(text);
  pickle.assign(bytes.begin(), bytes.end());
}

}  // namespace ebb::fuzz
