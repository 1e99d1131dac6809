#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ebb/comm/call.h"

namespace ebb::comm {

/// What threads that compute together share: a place to meet, and a box for what one sends another.
class Team {
 public:
  Team(int size, std::chrono::milliseconds timeout);

  int size() const { return size_; }
  std::chrono::milliseconds timeout() const { return timeout_; }

  /// What a rank brings to a meeting.
  struct Post {
    Call call;
    std::byte* x = nullptr;
  };
  /// Waits until all ranks are there, and returns what they brought, which stays until this rank's next meeting but
  /// one. A CommunicationError where one is gone or does not come in time.
  std::span<const Post> meet(int rank, const Post& post);

  void put(int from, const Call& call, const std::byte* x);
  /// Waits for what `from` put in for `rank`; a CommunicationError where it is not what `call` asks for.
  void take(int rank, const Call& call, std::byte* x);

  /// The rank will not come again. Of several reasons the first counts.
  void leave(int rank, const std::string& why);

  /// The team of those who give this color in this call; the first to ask makes it.
  std::shared_ptr<Team> part(std::int64_t sequence, int color, int size);

 private:
  struct Letter {
    Call call;
    std::vector<std::byte> content;
  };
  struct Part {
    std::shared_ptr<Team> team;
    int to_come;
  };

  /// Waits until `ready()`; `missing()` gives a rank that there is no point in waiting for, or is waited for.
  template <class Ready, class Missing>
  void wait(std::unique_lock<std::mutex>& lock, int rank, const Call& call, Ready ready, Missing missing);

  const int size_;
  const std::chrono::milliseconds timeout_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::array<std::vector<Post>, 2> posts_;  // of this meeting and the last
  std::vector<std::int64_t> meetings_;      // that each rank has come to
  int present_ = 0;                         // in this meeting
  std::int64_t complete_ = 0;               // meetings that all have come to
  std::vector<std::optional<std::string>> left_;
  std::map<std::pair<int, int>, std::deque<Letter>> letters_;  // by sender and receiver
  std::map<std::pair<std::int64_t, int>, Part> parts_;         // by call and color
};

}  // namespace ebb::comm
