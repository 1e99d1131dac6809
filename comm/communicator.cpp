#include "ebb/comm/communicator.h"

#include <algorithm>

#include "ebb/core/error.h"

namespace ebb::comm {
namespace {

std::byte* elements(const Tensor& x) { return Tensor(x).raw_data(); }

Call call_on(CallKind kind, const Tensor& x) {
  check(!x.device().is_meta(), "a tensor on meta has no elements to send");
  check(x.numel() == 0 || elementwise_strides(x) == x.strides(),
        "the elements of the tensor must lie without gaps, got shape ", x.shape(), " with strides ", x.strides(),
        "; call contiguous() first");
  Call call;
  call.kind = kind;
  call.dtype = x.dtype();
  call.device = x.device();
  call.numel = x.numel();
  call.shape = x.shape();
  call.strides = x.strides();
  return call;
}

Call call_on(CallKind kind, ReduceOp op, const Tensor& x) {
  check(op != ReduceOp::mean || is_floating(x.dtype()) || is_complex(x.dtype()), x.dtype(),
        " has no mean; convert first: x.to(kFloat32)");
  check(!is_floating(x.dtype()) || size_of(x.dtype()) > 1, x.dtype(), " only stores; convert first: x.to(kFloat32)");
  check(op == ReduceOp::sum || op == ReduceOp::mean || !is_complex(x.dtype()), "complex numbers have no ",
        to_string(op));
  Call call = call_on(kind, x);
  call.op = op;
  return call;
}

Call call_with(CallKind kind, const Tensor& x, int peer, const Communicator& ranks) {
  check(peer >= 0 && peer < ranks.size(), "there is no rank ", peer, " among ", ranks.size());
  Call call = call_on(kind, x);
  call.peer = peer;
  return call;
}

std::vector<std::int64_t> offsets_of(std::span<const Call> calls) {
  std::vector<std::int64_t> offsets{0};
  for (const Call& call : calls) {
    offsets.push_back(offsets.back() + call.numel * static_cast<std::int64_t>(size_of(call.dtype)));
  }
  return offsets;
}

}  // namespace

Communicator::~Communicator() = default;

std::span<const Call> Communicator::agree(const Call& call, std::byte* x) {
  const std::span<const Call> calls = exchange(call, x);
  check_agreement(calls);
  return calls;
}

void Communicator::all_reduce(const Tensor& x, ReduceOp op, Site site) {
  const OpScope scope("all_reduce", site);
  const Call call = numbered(call_on(CallKind::all_reduce, op, x));
  agree(call, elements(x));
  if (call.numel == 0) return;
  reduce(call, elements(x));
  x.storage().mark_written();
}

std::vector<Tensor> Communicator::all_gather(const Tensor& x, Site site) {
  const OpScope scope("all_gather", site);
  const Call call = numbered(call_on(CallKind::all_gather, x));
  const auto agreed = agree(call, elements(x));
  const std::vector<Call> calls(agreed.begin(), agreed.end());
  const std::vector<std::int64_t> offsets = offsets_of(calls);
  const auto width = static_cast<std::int64_t>(size_of(x.dtype()));
  Tensor all = allocate({offsets.back() / width}, x.dtype(), x.device());
  if (offsets.back() > 0) gather(call, x.raw_data(), all.raw_data(), offsets);
  std::vector<Tensor> parts;
  for (std::size_t rank = 0; rank < calls.size(); ++rank) {
    parts.push_back(all.alias(calls[rank].shape, calls[rank].strides, offsets[rank] / width));
  }
  return parts;
}

Tensor Communicator::reduce_scatter(const Tensor& x, ReduceOp op, Site site) {
  const OpScope scope("reduce_scatter", site);
  check(x.dim() >= 1 && x.size(0) % size() == 0, "the first dimension is divided among ", size(),
        " ranks and must be a multiple of that, got shape ", x.shape());
  check(x.is_contiguous(), "the tensor must be contiguous; call contiguous() first");
  const Call call = numbered(call_on(CallKind::reduce_scatter, op, x));
  agree(call, elements(x));
  Shape shape = x.shape();
  shape[0] /= size();
  Tensor y = allocate(shape, x.dtype(), x.device());
  if (call.numel > 0) scatter(call, x.raw_data(), y.raw_data());
  return y;
}

void Communicator::broadcast(const Tensor& x, int root, Site site) {
  const OpScope scope("broadcast", site);
  const Call call = numbered(call_with(CallKind::broadcast, x, root, *this));
  agree(call, elements(x));
  if (call.numel == 0) return;
  spread(call, elements(x));
  if (rank() != root) x.storage().mark_written();
}

void Communicator::barrier(Site site) {
  const OpScope scope("barrier", site);
  agree(numbered({}));
}

void Communicator::send(const Tensor& x, int to, Site site) {
  const OpScope scope("send", site);
  check(to != rank(), "a rank cannot send to itself, which is ", to);
  send_to(call_with(CallKind::send, x, to, *this), x.raw_data());
}

void Communicator::recv(const Tensor& x, int from, Site site) {
  const OpScope scope("recv", site);
  check(from != rank(), "a rank cannot receive from itself, which is ", from);
  receive_from(call_with(CallKind::recv, x, from, *this), elements(x));
  x.storage().mark_written();
}

std::shared_ptr<Communicator> Communicator::split(int color, int key, Site site) {
  const OpScope scope("split", site);
  Call call;
  call.kind = CallKind::split;
  call.peer = color;
  call.key = key;
  call = numbered(call);
  const auto calls = agree(call);
  std::vector<int> members;
  for (int rank = 0; rank < size(); ++rank) {
    if (calls[static_cast<std::size_t>(rank)].peer == color) members.push_back(rank);
  }
  std::ranges::stable_sort(members, {}, [&](int rank) { return calls[static_cast<std::size_t>(rank)].key; });
  const auto place = std::ranges::find(members, rank()) - members.begin();
  return part(call, static_cast<int>(place), members);
}

}  // namespace ebb::comm
