#include <memory>

#include "apps/bench/cases/call.h"
#include "apps/bench/libraries/onednn.h"
#include "apps/bench/libraries/onednn_pass.h"

namespace ebb::bench::onednn {
namespace {

/// What oneDNN is told of a pooling beside its tensors: along height and width.
struct Window {
  Dims strides, kernel, dilations, padding;
};

Window window_of(const Pooling& pooling) {
  return {.strides = {pooling.stride.height, pooling.stride.width},
          .kernel = {pooling.kernel.height, pooling.kernel.width},
          .dilations = {},
          .padding = {pooling.padding.height, pooling.padding.width}};
}

Computation forward_of(const Pooling& pooling, int kind, const MemoryDesc& x, const MemoryDesc& y) {
  const auto [strides, kernel, dilations, padding] = window_of(pooling);
  OperationDesc operation;
  check_status(installed_library().functions.pool_forward(
                   &operation, kind, pooling.is_max ? pooling_max : pooling_average, &x, &y, strides.data(),
                   kernel.data(), dilations.data(), padding.data(), padding.data()),
               "a pooling");
  return Computation(operation);
}

Computation backward_of(const Pooling& pooling, const MemoryDesc& x, const MemoryDesc& y, const Computation& forward) {
  const auto [strides, kernel, dilations, padding] = window_of(pooling);
  OperationDesc operation;
  check_status(installed_library().functions.pool_backward(&operation, pooling.is_max ? pooling_max : pooling_average,
                                                           &x, &y, strides.data(), kernel.data(), dilations.data(),
                                                           padding.data(), padding.data()),
               "the gradient of a pooling");
  return Computation(operation, &forward);
}

}  // namespace

Run pooling(const Task& task) {
  check(task.c.pooling.has_value(), "oneDNN has no ", task.c.op, " as that");
  const Pooling& pooling = *task.c.pooling;
  const Tensor& input = task.inputs[0];
  const Shape result = output_of(task.c);
  const MemoryDesc x = strided(input.shape(), strides_for(input.shape(), task.format)),
                   y = strided(result, strides_for(result, task.format));
  if (task.pass.of.empty()) {
    const auto pass = std::make_shared<BoundComputation>(forward_of(pooling, forward_inference, x, y));
    pass->bind(argument::src, &x, input);
    pass->make(argument::dst, &y, result, task.format);
    return [pass] { return pass->run(); };
  }
  BoundComputation forward(forward_of(pooling, forward_training, x, y));
  const auto pass = std::make_shared<BoundComputation>(backward_of(pooling, x, y, forward.computation()));
  if (pooling.is_max) {  // where the greatest elements were
    const MemoryDesc* places = forward.computation().layout_of(query::workspace);
    const Tensor kept = forward.bind_own(argument::workspace, places);
    forward.bind(argument::src, &x, input);
    forward.make(argument::dst, &y, result, task.format);
    forward.run();
    pass->bind(argument::workspace, places, kept);
  }
  pass->bind(argument::diff_dst, &y, task.dy);
  pass->make(argument::diff_src, &x, input.shape(), task.format);
  return [pass] { return pass->run(); };
}

}  // namespace ebb::bench::onednn
