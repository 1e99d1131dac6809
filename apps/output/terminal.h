#pragma once

#include <cstdio>
#include <string>

namespace ebb::apps {

/// Whether the stream is a terminal that shows colours, and its user wants some: NO_COLOR is not set, TERM is not dumb.
bool has_colour(std::FILE* stream);
/// Whether the stream is a terminal whose lines can be written again.
bool can_redraw(std::FILE* stream);
/// Of the terminal; 80 where it does not say.
int columns_of(std::FILE* stream);

/// `text` in red where the stream has colours.
std::string in_red(const std::string& text, std::FILE* stream);

}  // namespace ebb::apps
