#include "apps/output/terminal.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include <sys/ioctl.h>
#include <unistd.h>

namespace ebb::apps {

bool can_redraw(std::FILE* stream) {
  const char* kind = std::getenv("TERM");
  return isatty(fileno(stream)) == 1 && kind != nullptr && std::string_view(kind) != "dumb";
}

bool has_colour(std::FILE* stream) { return can_redraw(stream) && std::getenv("NO_COLOR") == nullptr; }

int columns_of(std::FILE* stream) {
  constexpr int usual = 80;
  winsize size{};
  if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  const char* columns = std::getenv("COLUMNS");
  const int asked = columns == nullptr ? 0 : std::atoi(columns);
  return asked > 0 ? asked : usual;
}

std::string in_red(const std::string& text, std::FILE* stream) {
  return has_colour(stream) ? "\033[31m" + text + "\033[0m" : text;
}

}  // namespace ebb::apps
