#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <span>
#include <vector>

#include <mpi.h>

#include "ebb/comm/call.h"

namespace ebb::comm {

/// A CommunicationError with MPI's text.
void mpi_check(int status);

/// Initialises MPI where it is not yet, and sees to its end. After a failure, which each channel tells of, other ranks
/// may wait for this one in a call that it never makes: the end is then MPI_Abort.
void start_mpi();

/// An MPI communicator of which no rank waits for another in vain: every wait ends where that rank says farewell, or
/// after a time. Bytes only.
class MpiChannel {
 public:
  MpiChannel(MPI_Comm comm, std::chrono::milliseconds timeout);
  MpiChannel(const MpiChannel&) = delete;
  MpiChannel& operator=(const MpiChannel&) = delete;
  ~MpiChannel();  ///< says farewell

  int rank() const { return rank_; }
  int size() const { return size_; }
  MPI_Comm comm() const { return comm_; }

  /// Starts a collective by `start(comm, request)` and waits for its end. `call`: for errors.
  template <class Start>
  void collective(const Call& call, Start start) {
    MPI_Request request = MPI_REQUEST_NULL;
    ++started_;
    mpi_check(start(comm_, &request));
    wait(request, call, {});
  }

  /// In pieces; x is copied.
  void send(const Call& call, std::span<const std::byte> x, std::int64_t piece);
  /// The call of the next letter; its content has to be received then.
  Call receive_header(const Call& call);
  void receive_content(const Call& call, std::span<std::byte> x, std::int64_t piece);

 private:
  struct Letter {
    int to;
    std::vector<std::byte> bytes;
    MPI_Request request;
  };
  class Patience;

  void post(int to, int tag, std::span<const std::byte> bytes);
  /// `peer`: the one that is waited for; otherwise all are.
  void wait(MPI_Request& request, const Call& call, std::optional<int> peer);
  void note_farewells();
  void fail_if_in_vain(const Call& call, std::optional<int> peer);
  void forget_received();

  MPI_Comm comm_;
  std::chrono::milliseconds timeout_;
  int rank_ = 0, size_ = 0;
  std::int64_t started_ = 0;                                  // collectives
  std::vector<std::optional<std::int64_t>> started_by_gone_;  // how many those have started who said farewell
  std::list<Letter> letters_;                                 // not yet received
};

}  // namespace ebb::comm
