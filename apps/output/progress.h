#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>

namespace ebb::apps {

/// A bar on the terminal, rewritten in place a few times a second:
///
///     epoch 1/2  42%|████▎     | 252/600 [00:05<00:07, 4810 images/s, loss 0.53]
///
/// and shorter where the terminal is narrow. Writes to stderr. Where that is no terminal, or a dumb one, only finish()
/// writes, one line.
class Progress {
 public:
  Progress(std::string title, std::int64_t total, std::int64_t first, std::int64_t items_per_step, std::string unit);

  void update(std::int64_t done, const std::string& note);
  void finish(const std::string& note);

 private:
  using Clock = std::chrono::steady_clock;

  void draw(const std::string& note) const;
  std::array<std::string, 4> notes(const std::string& note) const;
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

  std::string title_, unit_;
  std::int64_t total_, first_, done_, items_per_step_;
  bool is_terminal_, has_colour_;
  Clock::time_point start_ = Clock::now(), drawn_ = {};
};

}  // namespace ebb::apps
