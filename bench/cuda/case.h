#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "ebb/core/tensor.h"

namespace ebb::bench {

/// One call of an op that is timed, forward and backward.
struct Case {
  std::string family;
  /// What a peer needs to do the same: "op", "inputs" (their shapes, in the order of its arguments) and its parameters.
  nlohmann::ordered_json spec;
  std::function<Tensor(std::span<const Tensor> inputs)> op;
  double flops = 0;                               ///< of the forward pass; each gradient costs as many
  std::string operation = {};                     ///< as ForceImplementation names it; empty where there is no choice
  std::vector<std::string> implementations = {};  ///< of it on a GPU, beside the one that is chosen
  bool differentiable = true;
  std::int64_t largest_size = INT64_MAX;  ///< that its inputs are cut to, for a machine without a GPU

  std::vector<Shape> inputs() const;
  /// The same with a smaller batch, to be computed in float64 on a CPU.
  std::vector<Shape> small_inputs() const;
};

std::vector<Case> all_cases();

}  // namespace ebb::bench
