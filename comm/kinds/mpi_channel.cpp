#include "ebb/comm/kinds/mpi_channel.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <string>
#include <thread>

#include "ebb/core/error.h"

namespace ebb::comm {
namespace {

using Clock = std::chrono::steady_clock;

enum Tag : int { header_tag = 1, content_tag = 2, farewell_tag = 3 };

std::atomic<bool> has_failed = false;

template <class... Parts>
[[noreturn]] void fail_for_good(const Parts&... parts) {
  has_failed = true;
  fail<CommunicationError>(parts...);
}

bool is_over() {
  int is_finalized = 0;
  MPI_Finalized(&is_finalized);
  return is_finalized != 0;
}

MPI_Comm exit_comm = MPI_COMM_NULL;

/// Waits for the others before MPI_Finalize does: Open MPI 4.1's mpirun crashes or hangs where one rank calls MPI_Abort
/// while another is in MPI_Finalize.
void wait_for_others() {
  MPI_Request request = MPI_REQUEST_NULL;
  int is_done = 0;
  MPI_Ibarrier(exit_comm, &request);
  while (!is_done) {
    std::this_thread::sleep_for(std::chrono::microseconds(100));
    MPI_Test(&request, &is_done, MPI_STATUS_IGNORE);
  }
}

void end_mpi() {
  if (is_over()) return;
  if (has_failed) MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
  wait_for_others();
  MPI_Finalize();
}

std::span<const std::byte> piece_of(std::span<const std::byte> x, std::int64_t at, std::int64_t piece) {
  return x.subspan(static_cast<std::size_t>(at),
                   std::min(x.size() - static_cast<std::size_t>(at), static_cast<std::size_t>(piece)));
}

}  // namespace

void mpi_check(int status) {
  if (status == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING];
  int length = 0;
  MPI_Error_string(status, text, &length);
  fail_for_good("MPI reports: ", std::string(text, static_cast<std::size_t>(length)));
}

void start_mpi() {
  int is_started = 0, level = 0;
  mpi_check(MPI_Initialized(&is_started));
  if (is_started) {
    mpi_check(MPI_Query_thread(&level));
  } else {
    mpi_check(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_MULTIPLE, &level));
    mpi_check(MPI_Comm_dup(MPI_COMM_WORLD, &exit_comm));
    std::atexit(end_mpi);
  }
  check<CommunicationError>(level == MPI_THREAD_MULTIPLE,
                            "gradients are sent on a thread of their own, which this MPI, ",
                            "as it was started, does not allow; MPI_Init_thread must be asked for MPI_THREAD_MULTIPLE");
}

/// Looks again and again, the more seldom the longer it takes: there may be more ranks than processors.
class MpiChannel::Patience {
 public:
  explicit Patience(std::chrono::milliseconds timeout) : start_(Clock::now()), end_(start_ + timeout) {}

  bool is_at_end() const { return now_ >= end_; }
  void pause() {
    if (++looks_ < 200) return;
    now_ = Clock::now();
    if (now_ - start_ < std::chrono::milliseconds(5)) return std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  }

 private:
  Clock::time_point start_, end_, now_ = start_;
  int looks_ = 0;
};

MpiChannel::MpiChannel(MPI_Comm comm, std::chrono::milliseconds timeout) : comm_(comm), timeout_(timeout) {
  mpi_check(MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN));
  mpi_check(MPI_Comm_rank(comm_, &rank_));
  mpi_check(MPI_Comm_size(comm_, &size_));
  started_by_gone_.resize(static_cast<std::size_t>(size_));
}

// The communicator is not freed: another rank's farewell may still be on the way to it.
MpiChannel::~MpiChannel() {
  if (is_over()) return;
  try {
    const auto may_be_received = [&](const Letter& letter) {
      return !started_by_gone_[static_cast<std::size_t>(letter.to)];
    };
    Patience patience(timeout_);
    forget_received();
    while (std::ranges::any_of(letters_, may_be_received) && !has_failed && !patience.is_at_end()) {
      patience.pause();
      note_farewells();
      forget_received();
    }
    for (int other = 0; other < size_; ++other) {
      if (other != rank_) post(other, farewell_tag, std::as_bytes(std::span(&started_, 1)));
    }
    forget_received();
  } catch (const Error&) {
    has_failed = true;
  }
  static auto* const unreceived = new std::list<Letter>;  // MPI may read them up to its end
  unreceived->splice(unreceived->end(), letters_);
}

void MpiChannel::post(int to, int tag, std::span<const std::byte> bytes) {
  Letter& letter = letters_.emplace_back(Letter{to, {bytes.begin(), bytes.end()}, MPI_REQUEST_NULL});
  mpi_check(MPI_Isend(letter.bytes.data(), static_cast<int>(bytes.size()), MPI_BYTE, to, tag, comm_, &letter.request));
}

void MpiChannel::forget_received() {
  for (auto letter = letters_.begin(); letter != letters_.end();) {
    int is_done = 0;
    mpi_check(MPI_Test(&letter->request, &is_done, MPI_STATUS_IGNORE));
    letter = is_done ? letters_.erase(letter) : std::next(letter);
  }
}

void MpiChannel::note_farewells() {
  int is_there = 0;
  MPI_Status status;
  mpi_check(MPI_Iprobe(MPI_ANY_SOURCE, farewell_tag, comm_, &is_there, &status));
  if (!is_there) return;
  std::int64_t started = 0;
  mpi_check(MPI_Recv(&started, sizeof started, MPI_BYTE, status.MPI_SOURCE, farewell_tag, comm_, MPI_STATUS_IGNORE));
  started_by_gone_[static_cast<std::size_t>(status.MPI_SOURCE)] = started;
}

void MpiChannel::fail_if_in_vain(const Call& call, std::optional<int> peer) {
  for (int other = 0; other < size_; ++other) {
    const auto& started = started_by_gone_[static_cast<std::size_t>(other)];
    if (started && (peer ? *peer == other : *started < started_)) {
      fail_for_good(to_string(call), " on rank ", rank_, " waits for rank ", other, ", which is gone: it has ended");
    }
  }
}

void MpiChannel::wait(MPI_Request& request, const Call& call, std::optional<int> peer) {
  Patience patience(timeout_);
  for (;;) {
    note_farewells();  // what was sent before them has come before them
    int is_done = 0;
    mpi_check(MPI_Test(&request, &is_done, MPI_STATUS_IGNORE));
    if (is_done) return;
    fail_if_in_vain(call, peer);
    patience.pause();
    if (patience.is_at_end()) {
      fail_for_good(to_string(call), " on rank ", rank_, " has waited ", timeout_.count(),
                    " ms for a rank that does not come; give a longer timeout where it computes that long");
    }
  }
}

void MpiChannel::send(const Call& call, std::span<const std::byte> x, std::int64_t piece) {
  forget_received();
  post(call.peer, header_tag, std::as_bytes(std::span(&call, 1)));
  for (std::int64_t at = 0; at < static_cast<std::int64_t>(x.size()); at += piece) {
    post(call.peer, content_tag, piece_of(x, at, piece));
  }
}

Call MpiChannel::receive_header(const Call& call) {
  Call sent;
  MPI_Request request = MPI_REQUEST_NULL;
  mpi_check(MPI_Irecv(&sent, sizeof sent, MPI_BYTE, call.peer, header_tag, comm_, &request));
  wait(request, call, call.peer);
  return sent;
}

void MpiChannel::receive_content(const Call& call, std::span<std::byte> x, std::int64_t piece) {
  for (std::int64_t at = 0; at < static_cast<std::int64_t>(x.size()); at += piece) {
    const auto bytes = piece_of(x, at, piece);
    MPI_Request request = MPI_REQUEST_NULL;
    mpi_check(
        MPI_Irecv(x.data() + at, static_cast<int>(bytes.size()), MPI_BYTE, call.peer, content_tag, comm_, &request));
    wait(request, call, call.peer);
  }
}

}  // namespace ebb::comm
