#include "ebb/core/random/rng_state.h"

#include <cstring>

namespace ebb {
namespace {

/// PyTorch's CPUGeneratorImplState. `left` counts the words before the next refill, from 625 down to 1, and `next` the
/// words that were taken since the last.
struct State {
  std::uint64_t seed;
  std::int32_t left, is_seeded;
  std::uint64_t next;
  std::array<std::uint64_t, 624> words;
  double normal_x, normal, normal_rho;
  std::int32_t has_normal, padding;
  float next_float;
  std::uint8_t has_float, more_padding[3];
};
static_assert(sizeof(State) == 5056);

}  // namespace

Tensor get_rng_state(const Generator& generator) {
  const Mt19937::State& from = generator.sequence.state;
  State state{};
  state.seed = generator.seed();
  state.left = static_cast<std::int32_t>(625 - from.index);
  state.is_seeded = 1;
  state.next = from.index % 624;
  for (std::size_t i = 0; i < from.words.size(); ++i) state.words[i] = from.words[i];
  state.has_normal = generator.next_normal ? 1 : 0;
  state.normal = generator.next_normal.value_or(0);
  Tensor bytes = allocate({sizeof(State)}, kUInt8);
  std::memcpy(bytes.raw_data(), &state, sizeof(State));
  return bytes;
}

void set_rng_state(const Tensor& bytes, Generator& generator) {
  check(bytes.dtype() == kUInt8 && bytes.shape() == Shape{sizeof(State)} && bytes.is_contiguous() &&
            bytes.device().is_cpu(),
        "set_rng_state: expected what get_rng_state gives, ", sizeof(State), " contiguous bytes on the CPU, got ",
        bytes.dtype(), " of shape ", bytes.shape());
  State state;
  std::memcpy(&state, bytes.raw_data(), sizeof(State));
  check(state.is_seeded == 1 && state.left >= 1 && state.left <= 624 && state.next <= 624,
        "set_rng_state: the bytes are no state of the generator");
  generator.restore(state.seed, generator.offset());
  Mt19937::State& to = generator.sequence.state;
  to.index = static_cast<std::uint32_t>(625 - state.left);
  for (std::size_t i = 0; i < to.words.size(); ++i) to.words[i] = static_cast<std::uint32_t>(state.words[i]);
  generator.next_normal = state.has_normal != 0 ? std::optional(state.normal) : std::nullopt;
}

}  // namespace ebb
