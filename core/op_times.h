#pragma once

#include <chrono>
#include <string>
#include <unordered_map>
#include <vector>

namespace ebb {

/// While it lives, adds up how long each op takes on this thread: its own time, without that of the ops it calls.
class OpTimes {
 public:
  struct Entry {
    std::string name;
    long calls;
    double seconds;
  };

  OpTimes();
  ~OpTimes();
  OpTimes(const OpTimes&) = delete;
  OpTimes& operator=(const OpTimes&) = delete;

  std::vector<Entry> entries() const;  ///< the longest first

  // Called by OpScope.
  void enter(const char* name);
  void leave();

 private:
  using Clock = std::chrono::steady_clock;
  struct Total {
    long calls = 0;
    double seconds = 0;
  };
  void charge();

  std::vector<const char*> open_;
  Clock::time_point since_;
  std::unordered_map<std::string, Total> totals_;
  OpTimes* outer_;
};

}  // namespace ebb
