#pragma once

#include <string>
#include <vector>

#include "ebb/autograd/gradcheck.h"

#include "tests/autograd/ops/input_kinds.h"

namespace ebb::test {

/// One op on inputs of given shapes.
struct GradientCase {
  std::string op;
  TensorFunction f;
  std::vector<Shape> shapes;
  Domain domain = Domain::real;
  bool ties = true;  ///< whether equal elements, as in an expanded input, are differentiable
};

using GradientCases = std::vector<GradientCase>;

/// Every differentiable op.
GradientCases gradient_cases();

void add_elementwise_cases(GradientCases& cases);
void add_shape_cases(GradientCases& cases);
void add_reduction_cases(GradientCases& cases);
void add_network_cases(GradientCases& cases);
void add_resampling_cases(GradientCases& cases);
void add_pointwise_cases(GradientCases& cases);
void add_along_cases(GradientCases& cases);
void add_index_cases(GradientCases& cases);

}  // namespace ebb::test
