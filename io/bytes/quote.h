#pragma once

#include <string>
#include <string_view>

namespace ebb::io {

/// Text for a message, which it must outlive.
struct Quoted {
  std::string_view text;
};

/// `text` from a file, fit for a message: in quotes, without control characters, shortened; written where the message
/// is.
inline Quoted quote(std::string_view text) { return {text}; }
std::string to_string(Quoted quoted);

/// Whether it is UTF-8. Lone surrogates pass, which Python writes with "surrogatepass".
bool is_utf8(std::string_view text);
/// Whether UTF-8 has lone surrogates, which strict readers refuse.
bool has_surrogates(std::string_view utf8);

}  // namespace ebb::io
