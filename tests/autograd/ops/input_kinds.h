#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ebb/core/tensor.h"

namespace ebb::test {

/// What values an op's inputs take where finite differences are to be right.
enum class Domain { real, positive, unit, away_from_zero, distinct };

/// A float64 tensor of the domain, the same for the same seed.
Tensor sample(const Shape& shape, Domain domain, std::uint64_t seed);

/// A way in which the elements of an input may lie in memory.
struct InputKind {
  std::string name;
  std::function<bool(const Shape&)> fits;
  std::function<Shape(const Shape&)> base;  ///< shape of the leaf that `view` makes the input from
  std::function<Tensor(const Tensor&)> view = {};
};

const std::vector<InputKind>& input_kinds();

}  // namespace ebb::test
