#include "apps/output/progress.h"

#include <algorithm>
#include <array>
#include <climits>
#include <cmath>
#include <cstdio>

#include "apps/output/terminal.h"

namespace ebb::apps {
namespace {

constexpr int most_cells = 20, least_cells = 5;
constexpr auto redraw_interval = std::chrono::milliseconds(100);

std::string clock_text(double seconds) {
  const auto whole = std::isfinite(seconds) ? static_cast<long>(seconds) : 0;
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%02ld:%02ld", whole / 60, whole % 60);
  return text.data();
}

/// `fraction` of the cells filled, to an eighth of a cell.
std::string bar(double fraction, int cells) {
  static constexpr std::array<const char*, 8> parts{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const int eighths = std::clamp(static_cast<int>(fraction * cells * 8), 0, cells * 8);
  std::string text;
  for (int i = 0; i < eighths / 8; ++i) text += "█";
  const char* rest = parts[static_cast<std::size_t>(eighths % 8)];
  text += rest;
  const int used = eighths / 8 + (*rest != '\0' ? 1 : 0);
  return text + std::string(static_cast<std::size_t>(cells - used), ' ');
}

}  // namespace

Progress::Progress(std::string title, std::int64_t total, std::int64_t first, std::int64_t items_per_step,
                   std::string unit)
    : title_(std::move(title)),
      unit_(std::move(unit)),
      total_(total),
      first_(first),
      done_(first),
      items_per_step_(items_per_step),
      is_terminal_(can_redraw(stderr)),
      has_colour_(has_colour(stderr)) {}

/// What stands behind the bar, the whole of it or, where a line has no room for that, less.
std::array<std::string, 4> Progress::notes(const std::string& note) const {
  const double elapsed = seconds(), steps = static_cast<double>(done_ - first_);
  const double rate = elapsed > 0 ? steps / elapsed : 0;
  const double left = rate > 0 ? static_cast<double>(total_ - done_) / rate : 0;
  const std::string place = "| " + std::to_string(done_) + "/" + std::to_string(total_) + " [";
  const std::string times = clock_text(elapsed) + "<" + clock_text(left);
  std::array<char, 32> speed;
  std::snprintf(speed.data(), speed.size(), ", %.0f", rate * static_cast<double>(items_per_step_));
  return {place + times + speed.data() + " " + unit_ + "/s, " + note + "]",
          place + times + speed.data() + "/s, " + note + "]", place + times + ", " + note + "]", "| " + note};
}

void Progress::draw(const std::string& note) const {
  const double fraction = total_ > 0 ? static_cast<double>(done_) / static_cast<double>(total_) : 1;
  std::array<char, 32> percent;
  std::snprintf(percent.data(), percent.size(), " %3d%%|", static_cast<int>(100 * fraction));
  const std::string front = title_ + percent.data();
  // One column stays free, for some terminals break a line that is full.
  const int width = is_terminal_ ? columns_of(stderr) - 1 : INT_MAX;
  const auto room = [&](const std::string& back) { return width - static_cast<int>(front.size() + back.size()); };
  const std::array<std::string, 4> backs = notes(note);
  const auto* back = std::ranges::find_if(backs, [&](const std::string& text) { return room(text) >= least_cells; });
  if (back == backs.end()) back = &backs.back();
  const std::string cells = bar(fraction, std::clamp(room(*back), 0, most_cells));
  const std::string line = front + (has_colour_ ? "\033[32m" + cells + "\033[0m" : cells) + *back;
  std::fprintf(stderr, is_terminal_ ? "\r%s\033[K" : "%s\n", line.c_str());
  std::fflush(stderr);
}

void Progress::update(std::int64_t done, const std::string& note) {
  done_ = done;
  if (!is_terminal_ || Clock::now() - drawn_ < redraw_interval) return;
  drawn_ = Clock::now();
  draw(note);
}

void Progress::finish(const std::string& note) {
  draw(note);
  if (is_terminal_) std::fputc('\n', stderr);
}

}  // namespace ebb::apps
