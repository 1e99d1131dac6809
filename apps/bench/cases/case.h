#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ebb/core/size2.h"
#include "ebb/core/tensor.h"

#include "apps/bench/measure/work.h"

namespace ebb::bench {

/// What is timed of an op: its forward pass, or the gradients of some of its inputs.
struct Pass {
  std::string name;     ///< "forward", "backward", "backward_input", "backward_weight" or "step"
  std::vector<int> of;  ///< the inputs whose gradients it computes; forward: none
  Work work;
};

/// Of a product of matrices, for other libraries: sizes, and which factors lie by columns.
struct Product {
  std::int64_t batch, m, n, k;
  bool a_by_columns = false, b_by_columns = false;
};

/// Of a convolution, for cuDNN's plans.
struct Convolution {
  Size2 stride, padding, dilation;
  std::int64_t groups;
  bool is_transposed = false;
};

/// Of a pooling, whose means have the zeros around the image in them.
struct Pooling {
  Size2 kernel, stride, padding;
  bool is_max;
};

/// A sum or the greatest element along that dimension, or of all.
struct Reduction {
  bool is_max;
  std::optional<std::int64_t> dim;
};

/// A training step, whose result is its loss.
using Step = std::function<Tensor()>;

/// One call of an op, with all that decides on its speed but dtype, layout and device.
struct Case {
  std::string family;  ///< as on the command line
  std::string op, sizes;
  std::vector<Shape> inputs;  ///< the first, where it is an image (N, C, H, W), lies as the layout asks
  std::function<Tensor(std::span<const Tensor>)> run = {};
  std::vector<Pass> passes = {};
  std::optional<Product> product = {};
  std::optional<Convolution> convolution = {};  ///< none with zeros that differ on both sides
  std::optional<Pooling> pooling = {};          ///< none of windows that reach out, or of several sizes
  std::optional<Reduction> reduction = {};      ///< of the family "reduce"
  std::function<Step(DType, Device, MemoryFormat)> make_step = {};  ///< of the family "step", in place of `run`
  int layers = 0;                                                   ///< of a model that call it; 0 without a model

  std::string name() const { return op + " " + sizes; }
  bool is_image() const { return !inputs.empty() && inputs[0].size() == 4; }
};

/// "8x64x56x56"; "scalar" without dimensions.
std::string size_text(const Shape& shape);

}  // namespace ebb::bench
