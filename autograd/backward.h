#pragma once

#include <functional>
#include <span>
#include <vector>

#include "ebb/core/tensor.h"

namespace ebb {

struct BackwardOptions {
  bool retain_graph = false;  ///< keep what was saved, for another backward through the same graph
  bool create_graph = false;  ///< record the gradients, so that they can be differentiated; implies retain_graph
};

/// Adds d(sum of outputs . grad_outputs)/d(leaf) to the grad of every leaf that `outputs` were made from.
/// A grad_output may be undefined for an output of one element: it is then 1.
void backward(std::span<const Tensor> outputs, std::span<const Tensor> grad_outputs, BackwardOptions options = {});

/// From a hook within backward(): `callback` runs at its end, when every leaf has its gradient.
void queue_callback(std::function<void()> callback);

struct GradOptions {
  bool retain_graph = false;
  bool create_graph = false;
  bool allow_unused = false;  ///< an input that no output depends on gets an undefined gradient instead of an Error
};

/// d(sum of outputs . grad_outputs)/d(input) for each input; leaves the grad of leaves alone.
std::vector<Tensor> grad(std::span<const Tensor> outputs, std::span<const Tensor> inputs,
                         std::span<const Tensor> grad_outputs = {}, GradOptions options = {});
std::vector<Tensor> grad(std::initializer_list<Tensor> outputs, std::initializer_list<Tensor> inputs,
                         std::initializer_list<Tensor> grad_outputs = {}, GradOptions options = {});

}  // namespace ebb
