#pragma once

#include "ebb/core/random/generator.h"

#include "apps/bench/contestants.h"
#include "apps/bench/reference.h"

namespace ebb::bench {

/// The last contestant for a pass, and what it should compute.
struct Tried {
  Contestant contestant;
  Reference reference;
  std::vector<Tensor> inputs;
};

inline Tried tried(const Case& c, std::size_t pass, const Others& others, MemoryFormat format, DType dtype = kFloat32) {
  manual_seed(0);
  const std::vector<Tensor> inputs = drawn_inputs(c, dtype, format);
  const Tensor dy = pass == 0 ? Tensor() : drawn(output_of(c), dtype, format);
  return {contestants_of(c, c.passes[pass], inputs, dy, {dtype, kCPU, format}, others).back(),
          reference_of(c, c.passes[pass], inputs, dy, format), inputs};
}

}  // namespace ebb::bench
