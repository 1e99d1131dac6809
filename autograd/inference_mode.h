#pragma once

#include <cstdint>

#include "ebb/autograd/grad_mode.h"

namespace ebb {

/// `InferenceMode guard;`: nothing in this scope is recorded, as under NoGradGuard, and on the CPU ops may put off
/// their work, so that a convolution, the batch norm after it, a residual and an activation become one pass over memory
/// however they are written. Results are what they would be at once, but for rounding: they are computed when elements
/// are asked for, before anything they depend on is changed, and at the latest when the outermost scope of this thread
/// ends. A result that the program still holds when a later one is computed is computed as well.
///
///     const InferenceMode guard;
///     Tensor y = relu(norm(conv(x)));  // one kernel
class InferenceMode {
 public:
  InferenceMode();
  ~InferenceMode();
  InferenceMode(const InferenceMode&) = delete;
  InferenceMode& operator=(const InferenceMode&) = delete;

 private:
  NoGradGuard no_grad_;
  std::uint64_t outer_;
};

/// Within one of this thread, even where GradMode turns recording on again.
bool is_inference_mode_enabled();

namespace autograd {
/// Of this thread's outermost InferenceMode; 0 outside of any, and where ops are recorded.
std::uint64_t inference_scope();
}  // namespace autograd

}  // namespace ebb
