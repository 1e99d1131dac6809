#include <memory>

#include "apps/bench/cases/call.h"
#include "apps/bench/libraries/onednn.h"
#include "apps/bench/libraries/onednn_pass.h"

namespace ebb::bench::onednn {
namespace {

constexpr float epsilon = 1e-5F;
constexpr unsigned has_scale_and_shift = 8 | 16;

/// Of batch norm in training or of layer norm: x (N, C, H, W) or (rows, C), scale and shift (C), statistics (C) or
/// (rows).
class Norm {
 public:
  explicit Norm(const Task& task)
      : of_rows_(task.c.op == "layer_norm"),
        task_(task),
        input_(task.inputs[0]),
        x_(strided(input_.shape(), strides_for(input_.shape(), task.format))),
        channels_(strided(task.inputs[1].shape(), {1})),
        statistics_(strided({of_rows_ ? input_.shape()[0] : input_.shape()[1]}, {1})) {}

  Run forward() const {
    const auto pass = std::make_shared<BoundComputation>(forward_of(forward_inference));
    bind_forward(*pass);
    return [pass] { return pass->run(); };
  }

  /// After one forward pass, whose statistics it reads.
  Run backward() const {
    BoundComputation before(forward_of(forward_training));
    bind_forward(before);
    const Tensor mean = before.bind_own(argument::mean, &statistics_),
                 variance = before.bind_own(argument::variance, &statistics_);
    before.run();
    const auto pass = std::make_shared<BoundComputation>(backward_of(before.computation()));
    pass->bind(argument::src, &x_, input_);
    pass->bind(argument::mean, &statistics_, mean);
    pass->bind(argument::variance, &statistics_, variance);
    pass->bind(argument::scale, &channels_, task_.inputs[1]);
    pass->bind(argument::shift, &channels_, task_.inputs[2]);
    pass->bind(argument::diff_dst, &x_, task_.dy);
    pass->make(argument::diff_src, &x_, input_.shape(), task_.format);
    for (const int gradient : {argument::diff_scale, argument::diff_shift}) {
      pass->make(gradient, &channels_, task_.inputs[1].shape());
    }
    return [pass] { return pass->run(); };
  }

 private:
  void bind_forward(BoundComputation& pass) const {
    pass.bind(argument::src, &x_, input_);
    pass.bind(argument::scale, &channels_, task_.inputs[1]);
    pass.bind(argument::shift, &channels_, task_.inputs[2]);
    pass.make(argument::dst, &x_, input_.shape(), task_.format);
  }

  Computation forward_of(int kind) const {
    const Functions& functions = installed_library().functions;
    OperationDesc operation;
    check_status(of_rows_
                     ? functions.layer_norm_forward(&operation, kind, &x_, &statistics_, epsilon, has_scale_and_shift)
                     : functions.batch_norm_forward(&operation, kind, &x_, epsilon, has_scale_and_shift),
                 "a norm");
    return Computation(operation);
  }

  Computation backward_of(const Computation& forward) const {
    const Functions& functions = installed_library().functions;
    OperationDesc operation;
    check_status(of_rows_
                     ? functions.layer_norm_backward(&operation, all_gradients, &x_, &x_, &statistics_, epsilon,
                                                     has_scale_and_shift)
                     : functions.batch_norm_backward(&operation, all_gradients, &x_, &x_, epsilon, has_scale_and_shift),
                 "the gradient of a norm");
    return Computation(operation, &forward);
  }

  bool of_rows_;
  const Task& task_;
  const Tensor& input_;
  MemoryDesc x_, channels_, statistics_;
};

}  // namespace

Run norm(const Task& task) {
  check(task.c.op == "layer_norm" || task.c.op == "batch_norm", "oneDNN has no ", task.c.op);
  const Norm norm(task);
  return task.pass.of.empty() ? norm.forward() : norm.backward();
}

Run softmax(const Task& task) {
  constexpr int last = 1;
  const Tensor& input = task.inputs[0];
  const Shape& shape = input.shape();
  const MemoryDesc x = strided(shape, contiguous_strides(shape));
  const Functions& functions = installed_library().functions;
  const auto forward_of = [&](int kind) {
    OperationDesc operation;
    check_status(functions.softmax_forward(&operation, kind, &x, last), "a softmax");
    BoundComputation pass{Computation(operation)};
    pass.bind(argument::src, &x, input);
    pass.make(argument::dst, &x, shape);
    return pass;
  };
  if (task.pass.of.empty()) {
    const auto pass = std::make_shared<BoundComputation>(forward_of(forward_inference));
    return [pass] { return pass->run(); };
  }
  BoundComputation forward = forward_of(forward_training);
  OperationDesc operation;
  check_status(functions.softmax_backward(&operation, &x, &x, last), "the gradient of a softmax");
  const auto pass = std::make_shared<BoundComputation>(Computation(operation, &forward.computation()));
  pass->bind(argument::dst, &x, forward.run()[0]);
  pass->bind(argument::diff_dst, &x, task.dy);
  pass->make(argument::diff_src, &x, shape);
  return [pass] { return pass->run(); };
}

Run reduction(const Task& task) {
  const Reduction& reduction = *task.c.reduction;
  const Tensor& input = task.inputs[0];
  Shape kept = input.shape();
  for (int i = 0; i < static_cast<int>(kept.size()); ++i) {
    if (!reduction.dim || *reduction.dim == i) kept[i] = 1;
  }
  const MemoryDesc x = strided(input.shape(), contiguous_strides(input.shape())),
                   y = strided(kept, contiguous_strides(kept));
  OperationDesc operation;
  check_status(
      installed_library().functions.reduce(&operation, reduction.is_max ? reduction_max : reduction_sum, &x, &y, 0, 0),
      "a reduction");
  const auto pass = std::make_shared<BoundComputation>(Computation(operation));
  pass->bind(argument::src, &x, input);
  pass->make(argument::dst, &y, output_of(task.c));
  return [pass] { return pass->run(); };
}

}  // namespace ebb::bench::onednn
