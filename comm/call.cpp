#include "ebb/comm/call.h"

#include "ebb/core/error.h"

namespace ebb::comm {

const char* to_string(ReduceOp op) {
  static constexpr const char* names[] = {"sum", "mean", "max", "min"};
  return names[static_cast<std::size_t>(op)];
}

const char* to_string(CallKind kind) {
  static constexpr const char* names[] = {"all_reduce", "all_gather", "reduce_scatter", "broadcast",
                                          "barrier",    "send",       "recv",           "split"};
  return names[static_cast<std::size_t>(kind)];
}

std::string to_string(const Call& call) {
  std::string text = to_string(call.kind);
  if (call.kind == CallKind::barrier || call.kind == CallKind::split) return text;
  if (call.kind == CallKind::all_reduce || call.kind == CallKind::reduce_scatter) {
    text += std::string("(") + to_string(call.op) + ")";
  }
  if (call.kind == CallKind::broadcast) text += " from rank " + std::to_string(call.peer);
  if (call.kind == CallKind::send) text += " to rank " + std::to_string(call.peer);
  if (call.kind == CallKind::recv) text += " from rank " + std::to_string(call.peer);
  return text + " of " + to_string(call.dtype) + " " + to_string(call.shape);
}

namespace {

bool has_same_elements(const Call& a, const Call& b) {
  return a.dtype == b.dtype && a.shape == b.shape && a.strides == b.strides;
}

}  // namespace

bool agree(const Call& a, const Call& b) {
  if (a.kind != b.kind || a.sequence != b.sequence) return false;
  switch (a.kind) {
    case CallKind::all_gather:
      return a.dtype == b.dtype;
    case CallKind::broadcast:
      return a.peer == b.peer && has_same_elements(a, b);
    case CallKind::all_reduce:
    case CallKind::reduce_scatter:
      return a.op == b.op && has_same_elements(a, b);
    default:
      return true;
  }
}

void check_agreement(std::span<const Call> calls) {
  for (std::size_t rank = 1; rank < calls.size(); ++rank) {
    const Call &first = calls[0], &other = calls[rank];
    if (agree(first, other)) continue;
    const bool differ_in_order = to_string(first) == to_string(other);
    fail<CommunicationError>("all ranks must make the same calls in the same order; call ", first.sequence,
                             " of rank 0 is ", to_string(first), ", call ", other.sequence, " of rank ", rank, " is ",
                             to_string(other), differ_in_order ? ", whose elements lie in another order" : "");
  }
}

void check_on_cpu(const Call& call) {
  check(call.device.is_cpu(), "these ranks take tensors on the CPU, got one on ", call.device,
        "; comm::nccl() makes ranks for GPUs of them");
}

bool is_answer(const Call& sent, const Call& received) { return has_same_elements(sent, received); }

void fail_for_letter(const Call& sent, const Call& received) {
  fail<CommunicationError>(to_string(received), " gets ", sent.dtype, " ", sent.shape,
                           ", whose elements lie by the strides ", sent.strides, " and not ", received.strides);
}

}  // namespace ebb::comm
