#include "ebb/io/bytes/quote.h"

#include <cstddef>

namespace ebb::io {

std::string to_string(Quoted quoted) {
  constexpr std::size_t longest = 100;
  std::string text = "\"";
  for (const char c : quoted.text.substr(0, longest)) {
    const auto code = static_cast<unsigned char>(c);
    if (code >= 0x20 && code != 0x7f) {
      text += c;
    } else {
      constexpr const char* digits = "0123456789abcdef";
      text += "\\x";
      text += digits[code >> 4];
      text += digits[code & 15];
    }
  }
  return text + (quoted.text.size() > longest ? "...\"" : "\"");
}

/// The bytes of the character that starts with `lead`; 0 for none.
static std::size_t utf8_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead < 0xe0) return 2;
  if (lead >= 0xe0 && lead < 0xf0) return 3;
  if (lead >= 0xf0 && lead < 0xf5) return 4;
  return 0;
}

bool is_utf8(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8_length(at(i));
    if (length == 0 || length > text.size() - i) return false;
    for (std::size_t k = 1; k < length; ++k) {
      if ((at(i + k) & 0xc0) != 0x80) return false;
    }
    const bool is_too_long = (at(i) == 0xe0 && at(i + 1) < 0xa0) || (at(i) == 0xf0 && at(i + 1) < 0x90);
    const bool is_too_big = at(i) == 0xf4 && at(i + 1) > 0x8f;
    if (is_too_long || is_too_big) return false;
    i += length;
  }
  return true;
}

bool has_surrogates(std::string_view utf8) {
  for (std::size_t at = utf8.find('\xed'); at != std::string_view::npos; at = utf8.find('\xed', at + 1)) {
    if (static_cast<unsigned char>(utf8[at + 1]) >= 0xa0) return true;
  }
  return false;
}

}  // namespace ebb::io
