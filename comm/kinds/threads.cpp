#include "ebb/comm/threads.h"

#include <algorithm>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

#include "ebb/comm/kinds/bytes.h"
#include "ebb/comm/kinds/reduction.h"
#include "ebb/comm/kinds/share.h"
#include "ebb/comm/kinds/team.h"
#include "ebb/core/context.h"
#include "ebb/core/error.h"
#include "ebb/core/random/generator.h"
#include "ebb/core/threads/parallel.h"
#include "ebb/core/threads/serial.h"

namespace ebb::comm {
namespace {

class ThreadCommunicator final : public Communicator {
 public:
  ThreadCommunicator(int rank, std::shared_ptr<Team> team) : Communicator(rank, team->size()), team_(std::move(team)) {}
  ~ThreadCommunicator() override { leave("it has ended"); }
  const char* kind() const override { return "threads"; }
  void leave(const std::string& why) { team_->leave(rank(), why); }

 private:
  std::span<const Call> exchange(const Call& call, std::byte* x) override {
    check_on_cpu(call);
    posts_ = team_->meet(rank(), {call, x});
    calls_.clear();
    for (const Team::Post& post : posts_) calls_.push_back(post.call);
    return calls_;
  }

  // In each of these nobody leaves before everybody is done with what is his.

  /// Each rank reduces its share of the elements of all, and writes it to all.
  void reduce(const Call& call, std::byte*) override {
    std::vector<std::byte*> all;
    for (const Team::Post& post : posts_) all.push_back(post.x);
    const std::vector<const std::byte*> inputs(all.begin(), all.end());
    const Share share(call.numel, call.dtype, rank(), size());
    reduce_in_order(call.dtype, call.op, inputs, all, share.begin, share.end);
    team_->meet(rank(), {call});
  }

  void gather(const Call& call, const std::byte*, std::byte* all, std::span<const std::int64_t> offsets) override {
    for (std::size_t other = 0; other < posts_.size(); ++other) {
      copy(all + offsets[other], posts_[other].x, offsets[other + 1] - offsets[other]);
    }
    team_->meet(rank(), {call});
  }

  void scatter(const Call& call, const std::byte*, std::byte* y) override {
    const std::int64_t count = call.numel / size();
    std::vector<const std::byte*> inputs;
    for (const Team::Post& post : posts_) inputs.push_back(post.x + rank() * count * width(call));
    reduce_in_order(call.dtype, call.op, inputs, {&y, 1}, 0, count);
    team_->meet(rank(), {call});
  }

  void spread(const Call& call, std::byte* x) override {
    if (rank() != call.peer) copy(x, posts_[static_cast<std::size_t>(call.peer)].x, call.numel * width(call));
    team_->meet(rank(), {call});
  }

  void send_to(const Call& call, const std::byte* x) override {
    check_on_cpu(call);
    team_->put(rank(), call, x);
  }
  void receive_from(const Call& call, std::byte* x) override {
    check_on_cpu(call);
    team_->take(rank(), call, x);
  }

  std::shared_ptr<Communicator> part(const Call& call, int place, std::span<const int> members) override {
    if (call.peer < 0) return nullptr;
    return std::make_shared<ThreadCommunicator>(
        place, team_->part(call.sequence, call.peer, static_cast<int>(members.size())));
  }

  static void copy(std::byte* to, const std::byte* from, std::int64_t bytes) {
    CpuContext context;
    copy_bytes(context, to, from, static_cast<std::size_t>(bytes));
  }

  std::shared_ptr<Team> team_;
  std::span<const Team::Post> posts_;  // of the last exchange
  std::vector<Call> calls_;
};

std::vector<std::shared_ptr<ThreadCommunicator>> members_of_new_team(int size, const ThreadOptions& options) {
  check(size >= 1, "there must be at least one rank, got ", size);
  const auto team = std::make_shared<Team>(size, options.timeout);
  std::vector<std::shared_ptr<ThreadCommunicator>> members;
  for (int rank = 0; rank < size; ++rank) members.push_back(std::make_shared<ThreadCommunicator>(rank, team));
  return members;
}

/// The exceptions of the ranks, kept until their threads are over: libstdc++ counts the holders of one where no
/// ThreadSanitizer sees it, which would take a release by another rank's thread for a race.
class Failures {
 public:
  void add(std::exception_ptr failure, bool is_of_another) {
    const std::lock_guard lock(mutex_);
    (is_of_another ? of_others_ : own_).push_back(std::move(failure));
  }
  /// The one that came first; but one of a rank's own before one about another rank, which may be thrown while the
  /// first is still on its way out.
  void rethrow() const {
    for (const auto* failures : {&own_, &of_others_}) {
      if (!failures->empty()) std::rethrow_exception(failures->front());
    }
  }

 private:
  std::mutex mutex_;
  std::vector<std::exception_ptr> own_, of_others_;
};

void run_rank(ThreadCommunicator& rank, const std::function<void(Communicator&)>& body, const Generator& random,
              Failures& failures) {
  const ThreadGenerator generator(random);
  std::optional<SerialScope> serial;  // ranks that share the processors would wait for each other's threads
  if (rank.size() >= num_threads()) serial.emplace();
  const auto fail_with = [&](const char* why, bool is_of_another = false) {
    failures.add(std::current_exception(), is_of_another);
    rank.leave(why);
  };
  try {
    body(rank);
  } catch (CommunicationError& error) {
    error.add_rank(rank.rank());
    fail_with(error.what(), true);
  } catch (Error& error) {
    error.add_rank(rank.rank());
    fail_with(error.what());
  } catch (const std::exception& error) {
    fail_with(error.what());
  } catch (...) {
    fail_with("it has thrown something that is no std::exception");
  }
}

/// Calls `start(i, failures)` on a thread for each i.
template <class Start>
void run_all(std::size_t count, Start start) {
  Failures failures;
  std::vector<std::thread> running;
  for (std::size_t i = 0; i < count; ++i) running.emplace_back(start, i, std::ref(failures));
  for (std::thread& thread : running) thread.join();
  failures.rethrow();
}

}  // namespace

std::vector<std::shared_ptr<Communicator>> threads(int size, ThreadOptions options) {
  const OpScope op("threads", Site{});
  const auto members = members_of_new_team(size, options);
  return {members.begin(), members.end()};
}

void run_ranks(const std::vector<std::shared_ptr<Communicator>>& ranks,
               const std::function<void(Communicator&)>& body) {
  std::vector<ThreadCommunicator*> members;
  for (const auto& rank : ranks) members.push_back(dynamic_cast<ThreadCommunicator*>(rank.get()));
  check(std::ranges::count(members, nullptr) == 0, "run_ranks: every rank must be one of threads()");
  const Generator random = default_generator();
  run_all(members.size(), [&](std::size_t i, Failures& failures) { run_rank(*members[i], body, random, failures); });
}

void run_on_threads(int size, const std::function<void(Communicator&)>& body, ThreadOptions options) {
  auto members = members_of_new_team(size, options);
  const Generator random = default_generator();
  run_all(members.size(), [&](std::size_t i, Failures& failures) {
    const auto member = std::move(members[i]);
    run_rank(*member, body, random, failures);
  });
}

}  // namespace ebb::comm
