#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "ebb/comm/call.h"
#include "ebb/core/tensor.h"

namespace ebb::comm {

/// Several ranks, each on a thread, process or device of its own, that compute together. Every rank makes the same
/// calls in the same order; each call waits for the others. What comes out is the same on every rank, to the bit, and
/// does not depend on who was first: sums add in the order of the ranks.
///
/// Where ranks do not make the same call, where one is gone or does not come in time, the others get a
/// CommunicationError that names the rank, the call and its number, and the sizes. After the first of these the ranks
/// may go on; after the others the communicator is of no more use.
///
/// Tensors are dense: their elements lie without gaps, in an order that is the same on all ranks. One thread at a time
/// uses a communicator; `split` gives one for another thread. Nothing is recorded for gradients: see
/// ebb/autograd/ops/comm.
class Communicator {
 public:
  virtual ~Communicator();
  Communicator(const Communicator&) = delete;
  Communicator& operator=(const Communicator&) = delete;

  int rank() const { return rank_; }
  int size() const { return size_; }
  /// "threads", "mpi", "nccl" or "alone".
  virtual const char* kind() const = 0;

  /// x becomes the sum, mean, maximum or minimum of all ranks' x, element by element; NaN wins. The sum of bools is
  /// whether any is true; integers have no mean, complex numbers no extremes.
  void all_reduce(const Tensor& x, ReduceOp op = ReduceOp::sum, Site site = Site::current());
  /// Every rank's x, in the order of the ranks. Their shapes may differ, their dtypes not.
  std::vector<Tensor> all_gather(const Tensor& x, Site site = Site::current());
  /// The part of the reduced x that is this rank's: x is (size * n, ...), the result (n, ...).
  Tensor reduce_scatter(const Tensor& x, ReduceOp op = ReduceOp::sum, Site site = Site::current());
  /// x becomes the x of rank `root`.
  void broadcast(const Tensor& x, int root = 0, Site site = Site::current());
  /// Returns when every rank has called it.
  void barrier(Site site = Site::current());

  /// To one rank, which has to ask for it by recv. May return before it is received: x is copied. Over
  /// NCCL, which keeps no copy, what follows on the GPU waits until it is.
  void send(const Tensor& x, int to, Site site = Site::current());
  /// Fills x with what that rank sent; what was sent first comes first.
  void recv(const Tensor& x, int from, Site site = Site::current());

  /// The ranks that give the same `color` get a communicator of their own, numbered by `key`, those of equal keys as
  /// here; null for a negative color. PyTorch's new_group.
  std::shared_ptr<Communicator> split(int color, int key = 0, Site site = Site::current());

 protected:
  Communicator(int rank, int size) : rank_(rank), size_(size) {}

  // What a kind of communicator implements. Buffers are contiguous and of the call's dtype.

  /// Tells the others what this rank calls, and where its elements are; returns what each calls, in order.
  virtual std::span<const Call> exchange(const Call& call, std::byte* x) = 0;
  // What follows is called after an exchange that all agreed in, with the same arguments.
  virtual void reduce(const Call& call, std::byte* x) = 0;
  /// `offsets`: size + 1 of them, in bytes: where each rank's part begins in `all`, and the end of the last.
  virtual void gather(const Call& call, const std::byte* x, std::byte* all, std::span<const std::int64_t> offsets) = 0;
  /// `y`: this rank's part, of call.numel / size elements.
  virtual void scatter(const Call& call, const std::byte* x, std::byte* y) = 0;
  virtual void spread(const Call& call, std::byte* x) = 0;
  virtual void send_to(const Call& call, const std::byte* x) = 0;
  virtual void receive_from(const Call& call, std::byte* x) = 0;
  /// `place`: this rank's among the members of the new one, which are numbered as here. Null for a negative color.
  virtual std::shared_ptr<Communicator> part(const Call& call, int place, std::span<const int> members) = 0;

 private:
  Call numbered(Call call) { return call.sequence = next_call_++, call; }
  std::span<const Call> agree(const Call& call, std::byte* x = nullptr);

  int rank_, size_;
  std::int64_t next_call_ = 0;
};

/// The only rank: every collective is the identity.
std::shared_ptr<Communicator> alone();

}  // namespace ebb::comm
