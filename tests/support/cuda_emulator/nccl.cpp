// NCCL for emulated GPUs: ranks are threads. As NCCL's, a call returns at once, and is done when all ranks have made
// it.
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <nccl.h>

#include "ebb/comm/kinds/cuda/nccl_library.h"
#include "ebb/comm/kinds/reduction.h"
#include "ebb/core/error.h"

#include "tests/support/cuda_emulator/emulator.h"

namespace {

enum class Kind { all_reduce, broadcast, reduce_scatter };

struct Op {
  Kind kind;
  const std::byte* from;
  std::byte* to;
  std::size_t count;
  ncclDataType_t type;
  ncclRedOp_t op;
  int root;

  bool fits(const Op& other) const {
    return kind == other.kind && count == other.count && type == other.type && op == other.op && root == other.root;
  }
};

struct Letter {
  const std::byte* from;
  std::byte* to;
  std::size_t bytes;
};

/// What the ranks that were initialised with one id share.
struct Group {
  explicit Group(int size) : ops(static_cast<std::size_t>(size)), devices(static_cast<std::size_t>(size)) {}

  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::deque<Op>> ops;  // of each rank, in order
  std::vector<int> devices;
  std::map<std::pair<int, int>, std::deque<Letter>> sent, wanted;
  int present = 0;
  ncclResult_t status = ncclSuccess;
};

std::mutex groups_mutex;
std::map<std::string, std::weak_ptr<Group>> groups;

std::size_t width(ncclDataType_t type) {
  switch (type) {
    case ncclInt8:
    case ncclUint8:
      return 1;
    case ncclFloat16:
    case ncclBfloat16:
      return 2;
    case ncclInt64:
    case ncclUint64:
    case ncclFloat64:
      return 8;
    default:
      return 4;
  }
}

ebb::DType dtype_of(ncclDataType_t type) {
  static const std::map<ncclDataType_t, ebb::DType> dtypes = {
      {ncclInt8, ebb::kInt8},       {ncclUint8, ebb::kUInt8},       {ncclInt32, ebb::kInt32},
      {ncclUint32, ebb::kUInt32},   {ncclInt64, ebb::kInt64},       {ncclUint64, ebb::kUInt64},
      {ncclFloat16, ebb::kFloat16}, {ncclBfloat16, ebb::kBFloat16}, {ncclFloat32, ebb::kFloat32},
      {ncclFloat64, ebb::kFloat64}};
  return dtypes.at(type);
}

ebb::comm::ReduceOp reduce_op(ncclRedOp_t op) {
  using enum ebb::comm::ReduceOp;
  return op == ncclSum ? sum : op == ncclMax ? max : op == ncclMin ? min : mean;
}

void reduce(const std::vector<Op>& all, std::size_t rank, std::size_t first, std::size_t count) {
  std::vector<const std::byte*> inputs;
  for (const Op& op : all) inputs.push_back(op.from + first * width(op.type));
  std::byte* to = all[rank].to;
  ebb::comm::reduce_in_order(dtype_of(all[0].type), reduce_op(all[0].op), inputs, {&to, 1}, 0,
                             static_cast<std::int64_t>(count));
}

/// Inputs may be outputs, too.
void compute(std::vector<Op> all) {
  std::vector<std::vector<std::byte>> inputs;
  const std::size_t bytes = all[0].count * width(all[0].type) * (all[0].kind == Kind::reduce_scatter ? all.size() : 1);
  for (Op& op : all) {
    inputs.emplace_back(op.from, op.from + bytes);
    op.from = inputs.back().data();
  }
  for (std::size_t rank = 0; rank < all.size(); ++rank) {
    const Op& op = all[rank];
    if (op.kind == Kind::all_reduce) reduce(all, rank, 0, op.count);
    if (op.kind == Kind::reduce_scatter) reduce(all, rank, rank * op.count, op.count);
    if (op.kind == Kind::broadcast) std::memcpy(op.to, all[static_cast<std::size_t>(op.root)].from, bytes);
  }
}

/// Under the group's lock: does what all ranks have come to.
void go_on(Group& group) {
  const auto has_op = [](const std::deque<Op>& ops) { return !ops.empty(); };
  while (std::ranges::all_of(group.ops, has_op)) {
    std::vector<Op> all;
    for (std::size_t rank = 0; rank < group.ops.size(); ++rank) {
      all.push_back(group.ops[rank].front());
      group.ops[rank].pop_front();
    }
    if (std::ranges::all_of(all, [&](const Op& op) { return op.fits(all[0]); })) {
      compute(all);
    } else {
      group.status = ncclInvalidUsage;
    }
    for (const int device : group.devices) emulator::add_work(device, -1);
  }
}

}  // namespace

struct ncclComm {
  std::shared_ptr<Group> group;
  int rank;
};

namespace {

/// In the stream's turn, but without a wait for what NCCL has to do before.
ncclResult_t in_turn(cudaStream_t stream, std::function<void()> work) {
  return emulator::enqueue(stream, std::move(work), false) == 0 ? ncclSuccess : ncclInternalError;
}

void post_now(Group& group, std::size_t rank, const Op& op) {
  const std::lock_guard lock(group.mutex);
  emulator::add_work(group.devices[rank], 1);
  group.ops[rank].push_back(op);
  go_on(group);
}

ncclResult_t post(ncclComm_t comm, const Op& op, cudaStream_t stream) {
  return in_turn(
      stream, [group = comm->group, rank = static_cast<std::size_t>(comm->rank), op] { post_now(*group, rank, op); });
}

void post_letter_now(Group& group, int self, const Letter& letter, int from, int to) {
  const std::lock_guard lock(group.mutex);
  auto &sent = group.sent[{from, to}], &wanted = group.wanted[{from, to}];
  (letter.from != nullptr ? sent : wanted).push_back(letter);
  emulator::add_work(group.devices[static_cast<std::size_t>(self)], 1);
  while (!sent.empty() && !wanted.empty()) {
    std::memcpy(wanted.front().to, sent.front().from, std::min(sent.front().bytes, wanted.front().bytes));
    sent.pop_front();
    wanted.pop_front();
    for (const int rank : {from, to}) emulator::add_work(group.devices[static_cast<std::size_t>(rank)], -1);
  }
}

ncclResult_t post_letter(ncclComm_t comm, const Letter& letter, int from, int to, cudaStream_t stream) {
  return in_turn(stream, [group = comm->group, self = comm->rank, letter, from, to] {
    post_letter_now(*group, self, letter, from, to);
  });
}

const std::byte* bytes_at(const void* at) { return static_cast<const std::byte*>(at); }
std::byte* bytes_at(void* at) { return static_cast<std::byte*>(at); }

}  // namespace

ncclResult_t ncclGetUniqueId(ncclUniqueId* id) {
  static std::atomic<int> next = 0;
  std::memset(id->internal, 0, sizeof id->internal);
  std::snprintf(id->internal, sizeof id->internal, "fake %d", next++);
  return ncclSuccess;
}

ncclResult_t ncclCommInitRankConfig(ncclComm_t* comm, int size, ncclUniqueId id, int rank, ncclConfig_t*) {
  const std::lock_guard lock(groups_mutex);
  std::shared_ptr<Group> group = groups[id.internal].lock();
  if (!group) groups[id.internal] = group = std::make_shared<Group>(size);
  *comm = new ncclComm{group, rank};
  const std::lock_guard group_lock(group->mutex);
  group->devices[static_cast<std::size_t>(rank)] = emulator::this_device();
  group->status = ++group->present < size ? ncclInProgress : ncclSuccess;
  return ncclInProgress;
}

ncclResult_t ncclCommGetAsyncError(ncclComm_t comm, ncclResult_t* status) {
  const std::lock_guard lock(comm->group->mutex);
  *status = comm->group->status;
  return ncclSuccess;
}

ncclResult_t ncclCommAbort(ncclComm_t comm) {
  {
    const std::lock_guard lock(comm->group->mutex);
    auto& ops = comm->group->ops[static_cast<std::size_t>(comm->rank)];
    emulator::add_work(comm->group->devices[static_cast<std::size_t>(comm->rank)], -static_cast<int>(ops.size()));
    ops.clear();
  }
  return ncclCommDestroy(comm);
}

ncclResult_t ncclCommDestroy(ncclComm_t comm) {
  delete comm;
  return ncclSuccess;
}

const char* ncclGetErrorString(ncclResult_t status) {
  return status == ncclInvalidUsage ? "invalid usage" : "fake error";
}
const char* ncclGetLastError(ncclComm_t) { return "of the fake NCCL"; }

ncclResult_t ncclAllReduce(const void* from, void* to, std::size_t count, ncclDataType_t type, ncclRedOp_t op,
                           ncclComm_t comm, cudaStream_t stream) {
  return post(comm, {Kind::all_reduce, bytes_at(from), bytes_at(to), count, type, op, 0}, stream);
}

ncclResult_t ncclBroadcast(const void* from, void* to, std::size_t count, ncclDataType_t type, int root,
                           ncclComm_t comm, cudaStream_t stream) {
  return post(comm,
              {Kind::broadcast, comm->rank == root ? bytes_at(from) : bytes_at(const_cast<const void*>(to)),
               bytes_at(to), count, type, ncclSum, root},
              stream);
}

ncclResult_t ncclReduceScatter(const void* from, void* to, std::size_t count, ncclDataType_t type, ncclRedOp_t op,
                               ncclComm_t comm, cudaStream_t stream) {
  return post(comm, {Kind::reduce_scatter, bytes_at(from), bytes_at(to), count, type, op, 0}, stream);
}

ncclResult_t ncclSend(const void* from, std::size_t count, ncclDataType_t type, int peer, ncclComm_t comm,
                      cudaStream_t stream) {
  return post_letter(comm, {bytes_at(from), nullptr, count * width(type)}, comm->rank, peer, stream);
}

ncclResult_t ncclRecv(void* to, std::size_t count, ncclDataType_t type, int peer, ncclComm_t comm,
                      cudaStream_t stream) {
  return post_letter(comm, {nullptr, bytes_at(to), count * width(type)}, peer, comm->rank, stream);
}

ncclResult_t ncclGroupStart() { return ncclSuccess; }
ncclResult_t ncclGroupEnd() { return ncclSuccess; }

namespace ebb::comm {

const NcclFunctions& nccl_functions() {
  static const NcclFunctions functions{ncclGetUniqueId,
                                       ncclCommInitRankConfig,
                                       ncclCommGetAsyncError,
                                       ncclCommAbort,
                                       ncclCommDestroy,
                                       ncclGetErrorString,
                                       ncclGetLastError,
                                       ncclAllReduce,
                                       ncclBroadcast,
                                       ncclReduceScatter,
                                       ncclSend,
                                       ncclRecv,
                                       ncclGroupStart,
                                       ncclGroupEnd};
  return functions;
}

}  // namespace ebb::comm
