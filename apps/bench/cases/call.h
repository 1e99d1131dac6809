#pragma once

#include <vector>

#include "apps/bench/cases/case.h"

namespace ebb::bench {

/// Of the normal distribution of mean 0 and variance 1, by the generator of this thread. Of many elements only the
/// first million are drawn, and then repeated: drawing all would take longer than what is measured.
Tensor drawn(const Shape& shape, DType dtype, MemoryFormat format);

/// Of what the op makes, by the op itself on tensors without elements.
Shape output_of(const Case& c);

/// A pass of a case with its tensors, ready to be computed again and again.
class Call {
 public:
  Call(const Case& of, const Pass& pass, const std::vector<Tensor>& inputs);

  /// Of a pass that computes gradients: computes what they are the gradients of, and keeps what they need.
  void record();
  /// The result of the forward pass, or the gradients. What is not asked for is not computed.
  std::vector<Tensor> run() const;

  bool is_backward() const { return !pass_->of.empty(); }
  const std::vector<Tensor>& inputs() const { return inputs_; }
  /// The gradient that the backward pass begins with.
  const Tensor& dy() const { return dy_; }
  void set_dy(const Tensor& dy) { dy_ = dy; }
  Shape output_shape() const { return y_.shape(); }

 private:
  const Case* case_;
  const Pass* pass_;
  std::vector<Tensor> inputs_, wanted_;
  Tensor y_, dy_;
};

/// The inputs of a case on the CPU.
std::vector<Tensor> drawn_inputs(const Case& c, DType dtype, MemoryFormat format);

}  // namespace ebb::bench
