#pragma once

#include <string>
#include <string_view>

namespace ebb::io {

/// `text` from a file, fit for a message: in quotes, without control characters, shortened.
std::string quote(std::string_view text);

/// Whether it is UTF-8. Lone surrogates pass, which Python writes with "surrogatepass".
bool is_utf8(std::string_view text);
/// Whether UTF-8 has lone surrogates, which strict readers refuse.
bool has_surrogates(std::string_view utf8);

}  // namespace ebb::io
