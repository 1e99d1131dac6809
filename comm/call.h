#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "ebb/core/device.h"
#include "ebb/core/dtype/dtype.h"
#include "ebb/core/shape.h"

namespace ebb::comm {

enum class ReduceOp : std::uint8_t { sum, mean, max, min };
const char* to_string(ReduceOp op);

enum class CallKind : std::uint8_t { all_reduce, all_gather, reduce_scatter, broadcast, barrier, send, recv, split };
const char* to_string(CallKind kind);

/// What one rank asks for. A plain value, which processes send to each other as its bytes.
struct Call {
  CallKind kind = CallKind::barrier;
  ReduceOp op = ReduceOp::sum;
  DType dtype = kFloat32;
  Device device;          ///< of this rank's tensor; another rank's may differ
  std::int32_t peer = 0;  ///< the root of a broadcast; whom one sends to or receives from; the color of a split
  std::int32_t key = 0;   ///< of a split
  std::int64_t sequence = 0;
  std::int64_t numel = 0;
  Shape shape;
  Strides strides;
};

/// "all_reduce(sum) of float32 [4, 3]".
std::string to_string(const Call& call);

/// Whether the ranks that call these can go on: the same kind, dtype and, but for all_gather, shape.
bool agree(const Call& a, const Call& b);

/// A CommunicationError where two ranks' calls do not agree.
void check_agreement(std::span<const Call> calls);

/// Of ranks whose memory is the CPU's.
void check_on_cpu(const Call& call);

/// Whether a letter that was `sent` is what `received` asks for; the CommunicationError where it is not.
bool is_answer(const Call& sent, const Call& received);
[[noreturn]] void fail_for_letter(const Call& sent, const Call& received);

}  // namespace ebb::comm
