#include "apps/training/progress.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include <unistd.h>

namespace ebb::apps {
namespace {

constexpr int cells = 20;
constexpr auto redraw_interval = std::chrono::milliseconds(100);

std::string clock_text(double seconds) {
  const auto whole = std::isfinite(seconds) ? static_cast<long>(seconds) : 0;
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%02ld:%02ld", whole / 60, whole % 60);
  return text.data();
}

/// `fraction` of the cells filled, to an eighth of a cell.
std::string bar(double fraction) {
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
      is_terminal_(isatty(STDERR_FILENO) == 1),
      has_colour_(is_terminal_ && std::getenv("NO_COLOR") == nullptr) {}

void Progress::draw(const std::string& note) const {
  const double fraction = total_ > 0 ? static_cast<double>(done_) / static_cast<double>(total_) : 1;
  const double elapsed = seconds(), steps = static_cast<double>(done_ - first_);
  const double rate = elapsed > 0 ? steps / elapsed : 0;
  const double left = rate > 0 ? static_cast<double>(total_ - done_) / rate : 0;
  const std::string colour = has_colour_ ? "\033[32m" : "", plain = has_colour_ ? "\033[0m" : "";
  std::fprintf(stderr, "%s%s %3d%%|%s%s%s| %lld/%lld [%s<%s, %.0f %s/s, %s]%s", is_terminal_ ? "\r" : "",
               title_.c_str(), static_cast<int>(100 * fraction), colour.c_str(), bar(fraction).c_str(), plain.c_str(),
               static_cast<long long>(done_), static_cast<long long>(total_), clock_text(elapsed).c_str(),
               clock_text(left).c_str(), rate * static_cast<double>(items_per_step_), unit_.c_str(), note.c_str(),
               is_terminal_ ? "\033[K" : "\n");
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
