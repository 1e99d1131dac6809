#include "ebb/comm/mpi.h"

#include <cstring>

#include "ebb/comm/kinds/bytes.h"
#include "ebb/comm/kinds/mpi_channel.h"
#include "ebb/comm/kinds/reduction.h"
#include "ebb/comm/kinds/share.h"
#include "ebb/core/error.h"

namespace ebb::comm {
namespace {

constexpr std::int64_t gathered_at_most = 8192;  // bytes of a tensor that goes whole to all, which is one step less

/// Calls `body(begin, count)` for pieces of at most `most` of `count`.
template <class Body>
void in_pieces(std::int64_t count, std::int64_t most, Body body) {
  for (std::int64_t at = 0; at < count; at += most) body(at, std::min(most, count - at));
}

/// Which bytes of a piece each rank sees to, as MPI takes it.
struct Parts {
  Parts(std::int64_t numel, DType dtype, int size) {
    const auto bytes = static_cast<std::int64_t>(size_of(dtype));
    for (int rank = 0; rank < size; ++rank) {
      const Share share(numel, dtype, rank, size);
      offsets.push_back(static_cast<int>(share.begin * bytes));
      counts.push_back(static_cast<int>((share.end - share.begin) * bytes));
    }
  }
  std::vector<int> offsets, counts;
};

class MpiCommunicator final : public Communicator {
 public:
  MpiCommunicator(MPI_Comm comm, const MpiOptions& options)
      : MpiCommunicator(std::make_unique<MpiChannel>(comm, options.timeout), options) {}
  const char* kind() const override { return "mpi"; }

 private:
  MpiCommunicator(std::unique_ptr<MpiChannel> channel, const MpiOptions& options)
      : Communicator(channel->rank(), channel->size()),
        channel_(std::move(channel)),
        options_(options),
        calls_(static_cast<std::size_t>(size())) {}

  std::span<const Call> exchange(const Call& call, std::byte*) override {
    check_on_cpu(call);
    channel_->collective(call, [&](MPI_Comm comm, MPI_Request* request) {
      return MPI_Iallgather(&call, sizeof call, MPI_BYTE, calls_.data(), sizeof call, MPI_BYTE, comm, request);
    });
    return calls_;
  }

  void reduce(const Call& call, std::byte* x) override {
    if (call.numel * width(call) <= gathered_at_most) return reduce_gathered(call, x);
    in_pieces(call.numel, elements_of_piece(call),
              [&](std::int64_t at, std::int64_t count) { reduce_piece(call, x + at * width(call), count); });
  }

  void reduce_gathered(const Call& call, std::byte* x) {
    const std::int64_t bytes = call.numel * width(call);
    std::vector<std::byte> all(static_cast<std::size_t>(bytes * size()));
    channel_->collective(call, [&](MPI_Comm comm, MPI_Request* request) {
      return MPI_Iallgather(x, static_cast<int>(bytes), MPI_BYTE, all.data(), static_cast<int>(bytes), MPI_BYTE, comm,
                            request);
    });
    reduce_rows(call, all, call.numel, x);
  }

  /// Each rank gets its share of all ranks' elements, reduces it, and sends it to all.
  void reduce_piece(const Call& call, std::byte* x, std::int64_t numel) {
    const Parts parts(numel, call.dtype, size());
    const int own = parts.counts[static_cast<std::size_t>(rank())];
    const std::vector<int> counts(static_cast<std::size_t>(size()), own);
    std::vector<int> offsets;
    for (int other = 0; other < size(); ++other) offsets.push_back(own * other);
    std::vector<std::byte> shares(static_cast<std::size_t>(own) * static_cast<std::size_t>(size()));
    channel_->collective(call, [&](MPI_Comm comm, MPI_Request* request) {
      return MPI_Ialltoallv(x, parts.counts.data(), parts.offsets.data(), MPI_BYTE, shares.data(), counts.data(),
                            offsets.data(), MPI_BYTE, comm, request);
    });
    reduce_rows(call, shares, own / width(call), x + parts.offsets[static_cast<std::size_t>(rank())]);
    channel_->collective(call, [&](MPI_Comm comm, MPI_Request* request) {
      return MPI_Iallgatherv(MPI_IN_PLACE, 0, MPI_BYTE, x, parts.counts.data(), parts.offsets.data(), MPI_BYTE, comm,
                             request);
    });
  }

  /// y = the reduction of the rows, one of each rank, of `rows`.
  void reduce_rows(const Call& call, std::span<const std::byte> rows, std::int64_t count, std::byte* y) {
    std::vector<const std::byte*> inputs;
    for (int other = 0; other < size(); ++other) inputs.push_back(rows.data() + other * count * width(call));
    reduce_in_order(call.dtype, call.op, inputs, {&y, 1}, 0, count);
  }

  void gather(const Call& call, const std::byte* x, std::byte* all, std::span<const std::int64_t> offsets) override {
    if (offsets.back() <= options_.largest_piece) return gather_whole(call, x, all, offsets);
    for (std::size_t root = 0; root + 1 < offsets.size(); ++root) {
      std::byte* const part = all + offsets[root];
      const std::int64_t bytes = offsets[root + 1] - offsets[root];
      if (static_cast<int>(root) == rank() && bytes > 0) std::memcpy(part, x, static_cast<std::size_t>(bytes));
      spread_bytes(call, part, bytes, static_cast<int>(root));
    }
  }

  void gather_whole(const Call& call, const std::byte* x, std::byte* all, std::span<const std::int64_t> offsets) {
    std::vector<int> counts;
    const std::vector<int> starts(offsets.begin(), offsets.end());
    for (std::size_t other = 0; other + 1 < offsets.size(); ++other)
      counts.push_back(starts[other + 1] - starts[other]);
    channel_->collective(call, [&](MPI_Comm comm, MPI_Request* request) {
      return MPI_Iallgatherv(x, counts[static_cast<std::size_t>(rank())], MPI_BYTE, all, counts.data(), starts.data(),
                             MPI_BYTE, comm, request);
    });
  }

  void scatter(const Call& call, const std::byte* x, std::byte* y) override {
    const std::int64_t part = call.numel / size() * width(call);
    const std::int64_t most = elements_of_piece(call) * width(call);
    in_pieces(part, most, [&](std::int64_t at, std::int64_t bytes) {
      std::vector<std::byte> sent(static_cast<std::size_t>(bytes * size())), received(sent.size());
      for (int other = 0; other < size(); ++other) {
        std::memcpy(sent.data() + other * bytes, x + other * part + at, static_cast<std::size_t>(bytes));
      }
      channel_->collective(call, [&](MPI_Comm comm, MPI_Request* request) {
        return MPI_Ialltoall(sent.data(), static_cast<int>(bytes), MPI_BYTE, received.data(), static_cast<int>(bytes),
                             MPI_BYTE, comm, request);
      });
      reduce_rows(call, received, bytes / width(call), y + at);
    });
  }

  void spread(const Call& call, std::byte* x) override { spread_bytes(call, x, call.numel * width(call), call.peer); }

  void spread_bytes(const Call& call, std::byte* x, std::int64_t bytes, int root) {
    in_pieces(bytes, options_.largest_piece, [&](std::int64_t at, std::int64_t count) {
      channel_->collective(call, [&](MPI_Comm comm, MPI_Request* request) {
        return MPI_Ibcast(x + at, static_cast<int>(count), MPI_BYTE, root, comm, request);
      });
    });
  }

  void send_to(const Call& call, const std::byte* x) override {
    check_on_cpu(call);
    channel_->send(call, {x, bytes(call)}, options_.largest_piece);
  }

  void receive_from(const Call& call, std::byte* x) override {
    check_on_cpu(call);
    const Call sent = channel_->receive_header(call);
    if (is_answer(sent, call)) return channel_->receive_content(call, {x, bytes(sent)}, options_.largest_piece);
    std::vector<std::byte> unwanted(bytes(sent));
    channel_->receive_content(call, unwanted, options_.largest_piece);
    fail_for_letter(sent, call);
  }

  std::shared_ptr<Communicator> part(const Call& call, int place, std::span<const int>) override {
    MPI_Comm made = MPI_COMM_NULL;
    mpi_check(MPI_Comm_split(channel_->comm(), call.peer < 0 ? MPI_UNDEFINED : call.peer, place, &made));
    return call.peer < 0 ? nullptr : std::make_shared<MpiCommunicator>(made, options_);
  }

  /// Whole cache lines of them, of which every rank's share fits a piece.
  std::int64_t elements_of_piece(const Call& call) const {
    return std::max<std::int64_t>(options_.largest_piece / width(call) / size() / 64 * 64, 64);
  }

  std::unique_ptr<MpiChannel> channel_;
  MpiOptions options_;
  std::vector<Call> calls_;
};

}  // namespace

std::shared_ptr<Communicator> mpi(MpiOptions options) {
  const OpScope op("mpi", Site{});
  check(options.largest_piece >= 1 && options.largest_piece <= std::int64_t{1} << 30,
        "largest_piece must be from 1 to 2^30 bytes, got ", options.largest_piece);
  start_mpi();
  MPI_Comm world = MPI_COMM_NULL;
  mpi_check(MPI_Comm_dup(MPI_COMM_WORLD, &world));
  return std::make_shared<MpiCommunicator>(world, options);
}

}  // namespace ebb::comm
