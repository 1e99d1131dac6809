#include <memory>

#include "apps/bench/cases/call.h"
#include "apps/bench/libraries/onednn.h"
#include "apps/bench/libraries/onednn_pass.h"

namespace ebb::bench::onednn {
namespace {

/// What oneDNN is told of a convolution beside its tensors: along height and width.
struct Geometry {
  Dims strides, dilations, before, after;
};

/// The padding at the end makes the result as large as it is; of an ordinary convolution, whose last elements may go
/// unread, it is that at the beginning.
std::int64_t padding_after(const Convolution& c, std::int64_t padding, std::int64_t stride, std::int64_t extent,
                           std::int64_t x, std::int64_t y) {
  return c.is_transposed ? (x - 1) * stride + extent - padding - y : padding;
}

Geometry geometry_of(const Convolution& c, const Shape& x, const Shape& weight, const Shape& y) {
  const auto extent = [](std::int64_t kernel, std::int64_t dilation) { return (kernel - 1) * dilation + 1; };
  const std::int64_t height = extent(weight[2], c.dilation.height), width = extent(weight[3], c.dilation.width);
  return {.strides = {c.stride.height, c.stride.width},
          .dilations = {c.dilation.height - 1, c.dilation.width - 1},
          .before = {c.padding.height, c.padding.width},
          .after = {padding_after(c, c.padding.height, c.stride.height, height, x[2], y[2]),
                    padding_after(c, c.padding.width, c.stride.width, width, x[3], y[3])}};
}

/// Weights in oneDNN's order: ([groups,] out, in, height, width), those of one group; ebb's are (out, in / groups,
/// ...), and of a transposed convolution (in, out / groups, ...).
struct Weights {
  Shape shape;
  Strides strides;
};

Weights weights_of(const Convolution& c, const Shape& weight) {
  const std::int64_t rows = weight[0] / c.groups, columns = weight[1], window = weight[2] * weight[3];
  Weights w;
  if (c.groups > 1) {
    w.shape.push_back(c.groups);
    w.strides.push_back(rows * columns * window);
  }
  const std::int64_t out = c.is_transposed ? columns : rows, in = c.is_transposed ? rows : columns;
  const std::int64_t row_stride = columns * window;
  for (const std::int64_t size : {out, in, weight[2], weight[3]}) w.shape.push_back(size);
  for (const std::int64_t stride :
       {c.is_transposed ? window : row_stride, c.is_transposed ? row_stride : window, weight[3], std::int64_t{1}}) {
    w.strides.push_back(stride);
  }
  return w;
}

/// The operation of a pass, from how its tensors lie.
class Description {
 public:
  Description(const Convolution& c, const Geometry& geometry, const MemoryDesc& x, const MemoryDesc& w,
              const MemoryDesc& y)
      : functions_(c.is_transposed ? installed_library().functions.deconvolution
                                   : installed_library().functions.convolution),
        algorithm_(c.is_transposed ? deconvolution_direct : convolution_auto),
        geometry_(geometry),
        x_(x),
        w_(w),
        y_(y) {}

  Computation forward(int kind) const {
    OperationDesc operation;
    const auto& [strides, dilations, before, after] = geometry_;
    check_status(functions_.forward(&operation, kind, algorithm_, &x_, &w_, nullptr, &y_, strides.data(),
                                    dilations.data(), before.data(), after.data()),
                 "a convolution");
    return Computation(operation);
  }

  Computation backward_data() const {
    OperationDesc operation;
    const auto& [strides, dilations, before, after] = geometry_;
    check_status(functions_.backward_data(&operation, algorithm_, &x_, &w_, &y_, strides.data(), dilations.data(),
                                          before.data(), after.data()),
                 "a gradient");
    const Computation of = forward(forward_training);
    return Computation(operation, &of);
  }

  Computation backward_weights() const {
    OperationDesc operation;
    const auto& [strides, dilations, before, after] = geometry_;
    check_status(functions_.backward_weights(&operation, algorithm_, &x_, &w_, nullptr, &y_, strides.data(),
                                             dilations.data(), before.data(), after.data()),
                 "a gradient");
    const Computation of = forward(forward_training);
    return Computation(operation, &of);
  }

 private:
  const ConvolutionFunctions& functions_;
  int algorithm_;
  const Geometry& geometry_;
  const MemoryDesc &x_, &w_, &y_;
};

/// The gradient of the weights, which oneDNN leaves as it likes, is brought back.
Run backward_weights(const std::shared_ptr<BoundComputation>& pass, const MemoryDesc& plain, const Shape& shape) {
  const MemoryDesc* best = pass->computation().layout_of(query::diff_weights);
  if (are_equal(best, &plain)) {
    pass->make(argument::diff_weights, best, shape);
    return [pass] { return pass->run(); };
  }
  const auto reorder = std::make_shared<BoundComputation>(Computation(best, &plain));
  reorder->bind(argument::from, best, pass->bind_own(argument::diff_weights, best));
  reorder->make(argument::to, &plain, shape);
  return [pass, reorder] {
    pass->run();
    return reorder->run();
  };
}

}  // namespace

Run convolution(const Task& task) {
  check(task.c.convolution.has_value(), "its zeros differ on both sides");
  const Convolution& c = *task.c.convolution;
  const Tensor &input = task.inputs[0], &weight = task.inputs[1];
  const Shape result = output_of(task.c);
  const Weights weights = weights_of(c, weight.shape());
  const MemoryDesc x = strided(input.shape(), strides_for(input.shape(), task.format)),
                   y = strided(result, strides_for(result, task.format)), any = in_any_layout(weights.shape),
                   plain = strided(weights.shape, weights.strides);
  const Geometry geometry = geometry_of(c, input.shape(), weight.shape(), result);
  const Description description(c, geometry, x, any, y);
  if (task.pass.of.empty()) {
    const auto pass = std::make_shared<BoundComputation>(description.forward(forward_inference));
    const MemoryDesc* best = pass->computation().layout_of(query::weights);
    pass->bind(argument::src, &x, input);
    pass->bind(argument::weights, best, brought_to(best, plain, weight));
    pass->make(argument::dst, &y, result, task.format);
    return [pass] { return pass->run(); };
  }
  if (task.pass.of[0] == 0) {
    const auto pass = std::make_shared<BoundComputation>(description.backward_data());
    const MemoryDesc* best = pass->computation().layout_of(query::weights);
    pass->bind(argument::diff_dst, &y, task.dy);
    pass->bind(argument::weights, best, brought_to(best, plain, weight));
    pass->make(argument::diff_src, &x, input.shape(), task.format);
    return [pass] { return pass->run(); };
  }
  const auto pass = std::make_shared<BoundComputation>(description.backward_weights());
  pass->bind(argument::src, &x, input);
  pass->bind(argument::diff_dst, &y, task.dy);
  return backward_weights(pass, plain, weight.shape());
}

}  // namespace ebb::bench::onednn
