#pragma once

#include <array>
#include <functional>
#include <span>
#include <variant>

#include "ebb/core/context.h"
#include "ebb/core/tensor.h"

namespace ebb {
class LiveValues;  // core/cuda/capture.h
}

namespace ebb::kernels {

// What one step of an optimizer needs to know; the comments name the states, in their order.

struct SgdStep {  // momentum_buffer, where momentum != 0
  double lr, momentum, dampening, weight_decay;
  bool nesterov, maximize;
  bool is_first;  // the buffer holds nothing yet

  bool operator==(const SgdStep&) const = default;
};

struct AdamStep {  // exp_avg, exp_avg_sq; with amsgrad, max_exp_avg_sq
  double step_size, beta1, beta2, eps, weight_decay;
  double shrink;     // what the parameter is multiplied by first: decoupled weight decay
  double root_bias;  // square root of the bias of exp_avg_sq
  bool amsgrad, maximize;

  bool operator==(const AdamStep&) const = default;
};

struct RmspropStep {  // square_avg; where momentum > 0, momentum_buffer; where centered, grad_avg
  double lr, alpha, eps, weight_decay, momentum;
  bool centered, maximize;

  bool operator==(const RmspropStep&) const = default;
};

struct AdagradStep {  // sum
  double lr, eps, weight_decay;
  bool maximize;

  bool operator==(const AdagradStep&) const = default;
};

using OptimStep = std::variant<SgdStep, AdamStep, RmspropStep, AdagradStep>;

inline constexpr std::size_t max_optim_states = 3;

/// A parameter, its gradient and its states as far as the step has them. All lie without gaps and have the same
/// strides.
struct OptimTarget {
  Tensor p, g;
  std::array<Tensor, max_optim_states> states;
};

/// Moves each target's p and states along its g. All have the same dtype.
void optim_step(CpuContext&, const OptimStep& step, std::span<OptimTarget> targets);
void optim_step(CudaContext&, const OptimStep& step, std::span<OptimTarget> targets);

/// In the graph that is captured: each of its replays takes the step that `next` gives then, of the kind of `like`.
void optim_step_in_graph(CudaContext&, LiveValues& values, const OptimStep& like, std::function<OptimStep()> next,
                         std::span<OptimTarget> targets);

}  // namespace ebb::kernels
