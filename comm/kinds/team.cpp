#include "ebb/comm/kinds/team.h"

#include <algorithm>
#include <cstring>

#include "ebb/comm/kinds/bytes.h"
#include "ebb/core/error.h"

namespace ebb::comm {

Team::Team(int size, std::chrono::milliseconds timeout)
    : size_(size), timeout_(timeout), meetings_(static_cast<std::size_t>(size)), left_(static_cast<std::size_t>(size)) {
  for (auto& posts : posts_) posts.resize(static_cast<std::size_t>(size));
}

template <class Ready, class Missing>
void Team::wait(std::unique_lock<std::mutex>& lock, int rank, const Call& call, Ready ready, Missing missing) {
  const auto has_left = [&] {
    const std::optional<int> other = missing();
    return other && left_[static_cast<std::size_t>(*other)];
  };
  changed_.wait_for(lock, timeout_, [&] { return ready() || has_left(); });
  if (ready()) return;
  const int other = missing().value_or(rank);
  const auto& why = left_[static_cast<std::size_t>(other)];
  left_[static_cast<std::size_t>(rank)] = "it has waited in vain for rank " + std::to_string(other);
  changed_.notify_all();
  check<CommunicationError>(!why, to_string(call), " on rank ", rank, " waits for rank ", other,
                            ", which is gone: ", why.value_or(""));
  fail<CommunicationError>(to_string(call), " on rank ", rank, " has waited ", timeout_.count(), " ms for rank ", other,
                           ", which does not come; give a longer timeout where it computes that long");
}

std::span<const Team::Post> Team::meet(int rank, const Post& post) {
  std::unique_lock lock(mutex_);
  const auto self = static_cast<std::size_t>(rank);
  const std::int64_t meeting = ++meetings_[self];
  std::vector<Post>& posts = posts_[static_cast<std::size_t>(meeting % 2)];
  posts[self] = post;
  if (++present_ == size_) {
    present_ = 0;
    ++complete_;
    changed_.notify_all();
    return posts;
  }
  // One who is gone before one who is only late.
  const auto missing = [&]() -> std::optional<int> {
    std::optional<int> late;
    for (int other = 0; other < size_; ++other) {
      if (meetings_[static_cast<std::size_t>(other)] >= meeting) continue;
      if (left_[static_cast<std::size_t>(other)]) return other;
      if (!late) late = other;
    }
    return late;
  };
  wait(
      lock, rank, post.call, [&] { return complete_ >= meeting; }, missing);
  return posts;
}

void Team::put(int from, const Call& call, const std::byte* x) {
  Letter letter{call, {x, x + bytes(call)}};
  const std::lock_guard lock(mutex_);
  letters_[{from, call.peer}].push_back(std::move(letter));
  changed_.notify_all();
}

void Team::take(int rank, const Call& call, std::byte* x) {
  std::unique_lock lock(mutex_);
  std::deque<Letter>& box = letters_[{call.peer, rank}];
  wait(
      lock, rank, call, [&] { return !box.empty(); }, [&] { return std::optional(call.peer); });
  const Letter letter = std::move(box.front());
  box.pop_front();
  lock.unlock();
  if (!is_answer(letter.call, call)) fail_for_letter(letter.call, call);
  if (!letter.content.empty()) std::memcpy(x, letter.content.data(), letter.content.size());
}

void Team::leave(int rank, const std::string& why) {
  const std::lock_guard lock(mutex_);
  auto& left = left_[static_cast<std::size_t>(rank)];
  if (!left) left = why;
  changed_.notify_all();
}

std::shared_ptr<Team> Team::part(std::int64_t sequence, int color, int size) {
  const std::lock_guard lock(mutex_);
  const auto [place, is_new] = parts_.try_emplace({sequence, color}, Part{nullptr, size});
  Part& part = place->second;
  if (is_new) part.team = std::make_shared<Team>(size, timeout_);
  std::shared_ptr<Team> team = part.team;
  if (--part.to_come == 0) parts_.erase(place);
  return team;
}

}  // namespace ebb::comm
