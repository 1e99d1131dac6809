#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ebb/core/tensor.h"

namespace ebb {

/// One recorded op as data.
struct GraphNode {
  std::uint64_t id;                   ///< above those of its inputs
  std::string name;                   ///< of the op; "leaf" for a tensor that the user made
  Site site;                          ///< the line that called the op
  std::vector<std::uint64_t> inputs;  ///< ids; 0 where the input wants no gradient
  std::vector<Tensor> saved;          ///< what it keeps for backward
};

/// The graph that `output` hangs in, newest node first; empty where it requires no gradient.
std::vector<GraphNode> graph(const Tensor& output);

}  // namespace ebb
