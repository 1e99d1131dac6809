#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ebb/core/tensor.h"

namespace ebb::test {

/// An op on tensors of a GPU, by its contract in kernels/.
struct TrafficCase {
  std::string op, shape;
  DType dtype;
  std::vector<Tensor> inputs, outputs;  ///< what has to be read and written once at least
  double operations;                    ///< of arithmetic, an exponential or a quotient being one
  std::function<void()> call;
};

/// Of every op that memory bounds, and of products.
std::vector<TrafficCase> traffic_cases();

}  // namespace ebb::test
