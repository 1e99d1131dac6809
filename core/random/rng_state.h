#pragma once

#include "ebb/core/random/generator.h"
#include "ebb/core/tensor.h"

namespace ebb {

/// The state of the sequential stream as torch.get_rng_state() gives it: 5056 bytes, uint8. PyTorch goes on from ebb's,
/// and ebb from PyTorch's. Without the counter stream, which PyTorch's CPU has not: see Generator::offset.
Tensor get_rng_state(const Generator& generator = default_generator());
/// An Error, with nothing changed, for bytes that are no such state.
void set_rng_state(const Tensor& state, Generator& generator = default_generator());

}  // namespace ebb
